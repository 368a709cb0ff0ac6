"""The states of a conversation, and every legal move between them.

Rule 1: everything that affects what a state may become is in this table.
`transceiver.py` raises on a move missing here, the diagram in ARCHITECTURE.md is
drawn from it, and the property tests walk it.

IDLE        nothing leaves the board; the ring buffer turns over.
CONNECTING  woken, or the link has broken: it is being opened, and what is said waits in the ring.
LISTENING   the link is up and the turn is the user's.
THINKING    the turn has ended; nothing is heard from the relay yet.
SPEAKING    an answer is being played.

Muted, offline, microphone lost and timers ringing are facts beside the state.
"""

from enum import Enum


class State(Enum):
    IDLE = "idle"
    CONNECTING = "connecting"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.IDLE: frozenset({State.CONNECTING}),
    State.CONNECTING: frozenset({State.LISTENING, State.IDLE}),
    State.LISTENING: frozenset({State.THINKING, State.SPEAKING, State.CONNECTING, State.IDLE}),
    State.THINKING: frozenset({State.SPEAKING, State.LISTENING, State.CONNECTING, State.IDLE}),
    State.SPEAKING: frozenset({State.LISTENING, State.THINKING, State.CONNECTING, State.IDLE}),
}

REASONS: dict[tuple[State, State], str] = {
    (State.IDLE, State.CONNECTING): "wake word or button",
    (State.CONNECTING, State.LISTENING): "link opened, or resumed",
    (State.CONNECTING, State.IDLE): "no link, or cancelled",
    (State.LISTENING, State.THINKING): "speech stopped",
    (State.LISTENING, State.SPEAKING): "an answer owed from before",
    (State.LISTENING, State.CONNECTING): "link lost",
    (State.LISTENING, State.IDLE): "nothing said, or hung up",
    (State.THINKING, State.SPEAKING): "answer begins",
    (State.THINKING, State.LISTENING): "user goes on, or no words",
    (State.THINKING, State.CONNECTING): "link lost",
    (State.THINKING, State.IDLE): "no answer",
    (State.SPEAKING, State.LISTENING): "answer over, or barge-in",
    (State.SPEAKING, State.THINKING): "words before a tool's result",
    (State.SPEAKING, State.CONNECTING): "link lost",
    (State.SPEAKING, State.IDLE): "answer over, and goodbye",
}
"""What usually makes each move, for the diagram. Nothing is decided by it."""
