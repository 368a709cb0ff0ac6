"""What became of the sound that was sent to us, in numbers. Nothing is computed here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceiveStatistics:
    """Of one session; all zero before the first."""

    received: int = 0
    """Packets that arrived."""
    late: int = 0
    """Packets that arrived when their sound had been made up already, in whole or in part."""
    lost: int = 0
    """Packets that were not there in time and were given up."""
    recovered: int = 0
    """Of these, mended from the packet after them (FEC)."""
    concealed_ms: int = 0
    """Sound made up, for lost packets and while nothing came."""
    compressed_ms: int = 0
    """Taken out of quiet stretches, to catch up."""
    stretch_ms: int = 0
    """By how much the answer was played longer (or, negative, shorter) than it was sent."""
    target_ms: int = 0
    """How long sound is to wait, against the network's unsteadiness."""
    delay_ms: int = 0
    """How long it did, last time: from when it could have been here to when it is pulled."""
