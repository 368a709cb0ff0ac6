"""Reloads: asked for by signal or over the control socket, carried out one after the other.

Whoever asked gets a number, and by it the verdict, later: the control socket may be gone
for a moment meanwhile. What a reload does is in `program.py`.
"""

import asyncio
from dataclasses import dataclass

from edgevoice.daemon.control.commands import Command, Told

RESTART_ONLY = ("control.socket", "control.state_dir", "log_format")
"""Where we are found, what we remember and where log lines go stays while we run."""
LIVE = ("log_level", "relay.")
"""What needs no other device: the level is set, and the relay is another program."""

RESTARTED = "edgevoice was started anew meanwhile, and has read the configuration then"


@dataclass(frozen=True, slots=True)
class Verdict:
    number: int
    """Of the last reload it is about."""
    refused: str = ""
    """Why the configuration from before still applies; empty: the new one does."""
    changed: tuple[str, ...] = ()
    """Names of settings; their values may be secrets."""
    deaf_s: float = 0.0
    """How long nothing was heard."""

    def __str__(self) -> str:
        if self.refused:
            return f"reload refused, the configuration stays as it was: {self.refused}"
        if not self.changed:
            return "reloaded: no setting has changed"
        told = f"reloaded: {', '.join(self.changed)}"
        return f"{told} (deaf for {self.deaf_s:.2f} s)" if self.deaf_s else told


class Reloads:
    def __init__(self) -> None:
        self._asked = 0
        self._wanted = asyncio.Event()
        self._verdict = Verdict(0)

    def ask(self) -> int:
        """For one that begins after this; its number."""
        self._asked += 1
        self._wanted.set()
        return self._asked

    async def asked(self) -> int:
        """Wait for somebody to ask; the number of the last one who did."""
        await self._wanted.wait()
        self._wanted.clear()
        return self._asked

    def judge(self, verdict: Verdict) -> None:
        self._verdict = verdict

    def table(self) -> dict[str, Command]:
        return {
            "reload": Command(lambda argument: {"number": self.ask()}, "read the configuration"),
            "reloaded": Command(self._told, "what became of a reload", argument=True, looks=True),
        }

    def _told(self, number: str) -> Told:
        asked = int(number) if number.isdecimal() else 0
        verdict = self._verdict if asked <= self._asked else Verdict(asked, refused=RESTARTED)
        done = verdict.number >= asked
        return {"done": done, "refused": verdict.refused, "said": str(verdict)}
