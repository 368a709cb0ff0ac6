"""What anybody on the owner's broker may send."""

from edgevoice.neighbours.home_assistant import COMMANDS, Topics, order

TO = Topics("edgevoice/board")


def contract(data: bytes) -> None:
    """One of our few commands, or none."""
    topic, _, payload = data.partition(b"\n")
    for name in (topic.decode(errors="replace"), *map(TO.command, (*COMMANDS, "volume"))):
        command = order(name, payload, TO)
        if command is None or command in COMMANDS:
            continue
        word, _, number = command.partition(" ")
        assert word == "volume"
        assert 0 <= int(number) <= 100
