"""Breaks its contract on purpose, so that the drivers can be seen to notice it."""


def contract(data: bytes) -> None:
    if data.startswith(b"!") and len(data) > 3:
        raise LookupError("this is found in a moment")
