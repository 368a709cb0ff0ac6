"""What the relay keeps, one record per kind. Times are of the wall clock (Unix), for they outlive
the program; ids and hashes only, never a word of what was said.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """One that was paired; also after it was revoked, so that it cannot come back by itself."""

    device_id: str
    """The fingerprint of its key."""
    name: str
    public_key: str
    origin: str
    """By which it dials this relay; its tokens are for that origin."""
    created_at: float
    seen_at: float | None = None
    revoked_at: float | None = None

    @property
    def revoked(self) -> bool:
        return self.revoked_at is not None


@dataclass(frozen=True, slots=True)
class Pairing:
    """A device that waits for its owner to type its code."""

    pairing_id: str
    code: str
    name: str
    public_key: str
    origin: str
    poll_hash: str
    """SHA-256 of the secret with which the device asks how it stands."""
    expires_at: float
    missed: int = 0
    """How often a wrong code was typed while it waited."""
    device_id: str = ""
    """Set once it has been approved."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A client secret of our own."""

    digest: str
    """SHA-256 of it."""
    owner: str
    """The caller that minted it, whose limits count."""
    expires_at: float
    session: str
    """Settings that come with it, as JSON."""
    token_hash: str = ""
    """Of the token it was made with, so that it is none when that one is replaced; a device's has
    none."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a caller used in a day; adds up."""

    seconds: float = 0.0
    sessions: int = 0
    turns: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0
    responses: int = 0

    def __add__(self, other: "Use") -> "Use":
        return Use(
            self.seconds + other.seconds,
            self.sessions + other.sessions,
            self.turns + other.turns,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_micro_usd + other.cost_micro_usd,
            self.responses + other.responses,
        )


@dataclass(frozen=True, slots=True)
class DayUse:
    caller: str
    day: str
    """As in 2026-11-30, by the relay's own clock."""
    use: Use


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call that is going on, as other processes see it."""

    call_id: str
    caller: str
    relay_id: str
    """Which running relay carries it."""
    address: str
    """Where the call came from."""
    began_at: float
    state: str
    """`live`, `held` (its device is to come back) or `standby` (not woken yet)."""
    turns: int = 0
    responses: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0
