"""What is asked of a sound server about its sources and sinks.

When a source goes, a server moves our stream to another one and tells the client
nothing: the microphone would go on with the wrong room, or with the loudspeaker.
Who answers is `pactl.py`.
"""

from typing import Protocol

from edgevoice.hardware.sound.portaudio import Direction

KINDS: dict[Direction, str] = {"in": "source", "out": "sink"}


class SoundServer(Protocol):
    def names(self, direction: Direction) -> list[str] | None:
        """Of sources or sinks; None when there is nobody to ask. Blocks."""

    async def until_gone(self, name: str, direction: Direction) -> bool:
        """True when it has gone; False when there is nobody to ask (any more)."""
