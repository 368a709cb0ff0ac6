"""Programs of their own: servers that write down what they hear, a device as in tutorials."""
