"""What was written into a stream and has not reached the other end yet, in bytes. Pure.

A socket takes more than it can send, and so do proxies on the way: sound that waits there
cannot be held back when the gate closes, nor taken back when an answer is interrupted. So
each WebSocket ping carries the count of bytes written before it. Its pong, which comes
back in order, says that they have arrived.
"""

import struct

COUNT = struct.Struct("!Q")
ASK_EVERY_BYTES = 2_048
"""A quarter of what sound may be under way."""


class InFlight:
    def __init__(self) -> None:
        self._written = 0
        self._arrived = 0
        self._asked = 0

    @property
    def pending_bytes(self) -> int:
        return self._written - self._arrived

    @property
    def is_worth_asking(self) -> bool:
        """Enough was written since the last question."""
        return self._written - self._asked >= ASK_EVERY_BYTES

    def wrote(self, size: int) -> None:
        self._written += size

    def question(self) -> bytes:
        """What the ping is to carry."""
        self._asked = self._written
        return COUNT.pack(self._written)

    def answered(self, payload: bytes) -> None:
        """A pong's payload; one that answers no question of ours says nothing."""
        if len(payload) == COUNT.size:
            (count,) = COUNT.unpack(payload)
            if count <= self._asked:
                self._arrived = max(self._arrived, count)
