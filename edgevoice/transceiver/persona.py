"""Who the assistant is, by the word that woke it.

A persona is chosen when a session begins, for all of it. Another wake word within the
session is a wake word like any: it stops an answer and is listened to, but it changes
nobody. A relay refuses another voice once it has spoken (OpenAI does), and the other
persona would have to answer for words it never said. The next session is its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from edgevoice.transceiver.inputs import ButtonPressed, WakeDetected


@dataclass(frozen=True, slots=True)
class Persona:
    """Empty: as the relay has it."""

    instructions: str = ""
    voice: str = ""


def persona_of(
    woken: WakeDetected | ButtonPressed, personas: Mapping[str, Persona], usual: Persona
) -> Persona:
    """What a word leaves open is as usual; so is everything for the button."""
    own = personas.get(woken.name, usual) if isinstance(woken, WakeDetected) else usual
    return Persona(own.instructions or usual.instructions, own.voice or usual.voice)
