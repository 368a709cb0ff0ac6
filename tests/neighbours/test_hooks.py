"""Real programs, a real clock."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edgevoice.config import HookConfig
from edgevoice.neighbours.happening import Happening
from edgevoice.neighbours.hooks import Hook, environment
from edgevoice.neighbours.neighbour import Inbox
from tests.waiting import until

pytestmark = pytest.mark.e2e

WAKE = Happening("wake_word_detected", {"word": "alexa", "score": 0.9})


@asynccontextmanager
async def running(
    *command: str, on: tuple[str, ...] = (), limit_s: float = 10.0
) -> AsyncIterator[Inbox]:
    inbox = Inbox()
    hook = Hook(HookConfig(on=on, command=command, time_limit_s=limit_s))  # type: ignore[arg-type]
    task = asyncio.ensure_future(hook.run(inbox))
    yield inbox
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_program_learns_what_happened_both_ways(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = f'cat > {out}.json; echo "$EDGEVOICE_EVENT $EDGEVOICE_WORD" > {out}'
    async with running("sh", "-c", script) as inbox:
        inbox.put(WAKE)
        await until(lambda: out.exists() and out.read_text())
    assert out.read_text() == "wake_word_detected alexa\n"
    assert json.loads((tmp_path / "out.json").read_text()) == {
        "event": "wake_word_detected",
        "word": "alexa",
        "score": 0.9,
    }


async def test_it_is_run_on_what_it_asked_for_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with running("sh", "-c", f'echo "$EDGEVOICE_EVENT" >> {out}', on=("idle",)) as inbox:
        for name in ("listening", "thinking", "idle"):
            inbox.put(Happening(name))
        await until(lambda: out.exists() and out.read_text())
    assert out.read_text() == "idle\n"


async def test_one_that_hangs_is_ended_with_its_children(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    child = tmp_path / "child"
    script = f"sleep 60 & echo $! > {child}; wait"
    with caplog.at_level(logging.WARNING):
        # So long that it has begun by then.
        async with running("sh", "-c", script, limit_s=1.5) as inbox:
            inbox.put(WAKE)
            await until(lambda: "ended after 1.5 s" in caplog.text)
    number = child.read_text().strip()
    await until(lambda: not Path(f"/proc/{number}/fd").is_dir() or state(number) == "Z")


def state(number: str) -> str:
    return Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2][0]


async def test_failure_is_told_with_what_it_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with running("sh", "-c", "echo no lamp here >&2; exit 3") as inbox:
            inbox.put(WAKE)
            await until(lambda: "exit status 3: no lamp here" in caplog.text)


async def test_one_that_does_not_read_is_no_trouble(tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with running(sys.executable, "-c", f"open({str(out)!r}, 'a').write('x')") as inbox:
        inbox.put(Happening("idle", {"filler": "x" * 100_000}))
        inbox.put(WAKE)
        await until(lambda: out.exists() and out.read_text() == "xx")


async def test_one_that_is_not_there_is_an_error_to_be_supervised() -> None:
    inbox = Inbox()
    inbox.put(WAKE)
    with pytest.raises(FileNotFoundError):
        await Hook(HookConfig(command=("/nonexistent/program",))).run(inbox)


def test_no_secret_of_ours_is_handed_on() -> None:
    own = {"PATH": "/bin", "CREDENTIALS_DIRECTORY": "/run/secret", "OPENAI_API_KEY": "sk-x"}
    assert environment(WAKE, own) == {
        "PATH": "/bin",
        "EDGEVOICE_EVENT": "wake_word_detected",
        "EDGEVOICE_WORD": "alexa",
        "EDGEVOICE_SCORE": "0.9",
    }
