"""From what a transceiver is built, so that another one could be that does the same.

Whoever has this and the inputs since then can play a conversation again
(`flight_record.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgevoice.config import ContextConfig, LinkConfig, TurnConfig
from edgevoice.transceiver.manners import USUAL, Manners
from edgevoice.transceiver.memory import Remembered
from edgevoice.transceiver.persona import Persona


@dataclass(frozen=True, slots=True)
class Rest:
    """What is true between two sessions and outlives the one before."""

    offline: bool = False
    missed: bool = False
    quiet: bool = False
    in_speech: bool = False
    missed_at: float | None = None
    day_began: float | None = None
    day_used_s: float = 0.0


NEW = Rest()
"""Nothing has happened yet."""


@dataclass(frozen=True, slots=True)
class Setup:
    """The arguments of `Transceiver`, by their names."""

    turn: TurnConfig
    context: ContextConfig
    link: LinkConfig
    tools: Sequence[dict[str, Any]]
    wake_phrase_samples: int
    chime: bool = True
    muted: bool = False
    microphone_lost: bool = False
    speaker_lost: bool = False
    personas: Mapping[str, Persona] = field(default_factory=dict)
    hears_voices: bool = False
    remembered: Remembered | None = None
    manners: Manners = USUAL
    rest: Rest = NEW
