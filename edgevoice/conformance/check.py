"""What a check is, and how it ends: a word about the server, never about itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp

from edgevoice.conformance.world import World
from edgevoice.errors import CheckFailed, CheckSkipped, EdgeVoiceError

LONGEST_S = 30.0
"""No check needs a third of it, on a small board and over a slow line."""

MALFORMED = (aiohttp.ClientError, LookupError, TypeError, ValueError, AttributeError, OSError)
"""What comes of an answer that is not of the form the check reads."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    """As in `--only`: the client, a dot, and what it does."""
    wanted_by: str
    """The section of the protocol, or the client, that needs it to be so."""
    act: Callable[[World], Awaitable[None]]
    """Returns when all was as it should be. Raises CheckFailed, CheckSkipped."""


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    status: Literal["ok", "FAILED", "skipped"]
    seconds: float
    wanted_by: str
    expected: str = ""
    came: str = ""
    reason: str = ""
    """Why it was skipped."""

    def line(self) -> str:
        told = ""
        if self.status == "skipped":
            told = f"  {self.reason}"
        elif self.status == "FAILED":
            told = f"  expected {self.expected}; came {self.came}  [{self.wanted_by}]"
        return f"{self.status:<7} {self.name:<28} {self.seconds:4.1f} s{told}"


async def perform(check: Check, world: World) -> Outcome:
    began = time.monotonic()

    def outcome(status: Literal["ok", "FAILED", "skipped"], **told: Any) -> Outcome:
        seconds = round(time.monotonic() - began, 2)
        return Outcome(check.name, status, seconds, check.wanted_by, **told)

    try:
        async with asyncio.timeout(LONGEST_S):
            await check.act(world)
    except CheckSkipped as skipped:
        return outcome("skipped", reason=str(skipped))
    except CheckFailed as failed:
        return outcome("FAILED", expected=failed.expected, came=failed.came)
    except TimeoutError:
        return outcome("FAILED", expected=f"an end within {LONGEST_S:g} s", came="none")
    except (*MALFORMED, EdgeVoiceError) as error:
        came = f"{type(error).__name__}: {error}"[:300]
        return outcome("FAILED", expected="an answer of the documented form", came=came)
    return outcome("ok")
