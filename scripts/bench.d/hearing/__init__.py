"""What the benches of the ears share: the stock loop, rooms to speak in, who was heard."""
