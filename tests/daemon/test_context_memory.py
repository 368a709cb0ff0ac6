"""The conversation over a restart: kept as long as it is remembered, and no longer."""

import asyncio
import json
import logging
import stat
from pathlib import Path

import pytest

from edgevoice.config import Config, ContextConfig, ControlConfig, LinkConfig, TurnConfig
from edgevoice.daemon.context_memory import SETTLE_S, ContextMemory, context_memory
from edgevoice.realtime.items import FunctionCall, assistant_audio, function_output, user_audio
from edgevoice.realtime.server_events import (
    ConversationItemAdded,
    EdgevoiceConversation,
    ServerEvent,
)
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    DeadlinePassed,
    EventReceived,
    ForgetRequested,
    Input,
    LinkOpened,
    StopRequested,
)
from edgevoice.transceiver.transceiver import Transceiver
from tests.virtual_time import elapse

SAID = "my name is Ada"
KEEP_S = 600.0


class Program:
    """One life of the device program on a board; the time of day is the test's."""

    def __init__(self, folder: Path, wall: float = 1e9, **context: object) -> None:
        self.wall = wall
        self._began = self._now()
        config = Config(
            context=ContextConfig(**context),  # type: ignore[arg-type]
            control=ControlConfig(str(folder / "run" / "control.sock")),
        )
        self.context: ContextMemory = context_memory(
            config, folder / "state", lambda: wall + self._now() - self._began, self._now
        )
        self.context.load()
        self.mind = self.build(config)

    def build(self, config: Config | None = None) -> Transceiver:
        context = (config or Config()).context
        remembered = self.context.remembered
        return Transceiver(TurnConfig(), context, LinkConfig(), (), 0, remembered=remembered)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def happens(self, *facts: Input) -> None:
        for fact in facts:
            self.mind.handle(fact, self._now())
            self.context.observe(fact, self.mind)

    def says(self, *events: ServerEvent) -> None:
        self.happens(*(EventReceived(event) for event in events))

    def talks(self) -> None:
        """One session, with words and a tool."""
        self.happens(ButtonPressed(0), LinkOpened("relay", True))
        self.says(EdgevoiceConversation(conversation_id="conv_1"))
        for item in (
            user_audio(SAID, "u1", "completed"),
            FunctionCall("note", "{}", "c1", id="f1", status="completed"),
            function_output("c1", "{}", "o1"),
            assistant_audio("hello Ada", "a1", "completed"),
            assistant_audio("unheard", "a2", "in_progress"),
        ):
            self.says(ConversationItemAdded(item=item))
        self.happens(StopRequested("owner"))

    async def __aenter__(self) -> "Program":
        self._task = asyncio.ensure_future(self.context.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *reason: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def kept(folder: Path) -> list[str]:
    """The files in which it says so, wherever they are."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(str(p.relative_to(folder)) for p in files if SAID in p.read_text())


async def talked(folder: Path, **context: object) -> Transceiver:
    async with Program(folder, **context) as program:
        program.talks()
    return program.mind


async def test_a_restarted_program_goes_on_where_it_was(tmp_path: Path) -> None:
    before = await talked(tmp_path)
    after = Program(tmp_path, wall=1e9 + 60).mind
    assert after.memory.claim() == before.memory.claim() is not None
    assert after.conversation.digest() == before.conversation.digest()
    assert [item.id for item in after.conversation.items] == ["u1", "f1", "o1", "a1"]


@pytest.mark.parametrize(
    ("keep", "files"),
    [("process", []), ("restart", ["run/context.json"]), ("reboot", ["state/context.json"])],
)
async def test_it_lies_where_it_is_wanted(tmp_path: Path, keep: str, files: list[str]) -> None:
    await talked(tmp_path, keep=keep)
    assert kept(tmp_path) == files
    for name in files:
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


async def test_nothing_is_written_where_nothing_is_to_be_kept(tmp_path: Path) -> None:
    await talked(tmp_path, keep="reboot", keep_minutes=0.0)
    assert kept(tmp_path) == []


@pytest.mark.parametrize("after", [{"keep": "process"}, {"keep": "restart"}, {"keep_minutes": 0.0}])
async def test_what_was_kept_elsewhere_before_is_erased(
    tmp_path: Path, after: dict[str, object]
) -> None:
    await talked(tmp_path, keep="reboot")
    assert Program(tmp_path, **after).mind.memory.remembered is None
    assert kept(tmp_path) == []


async def test_a_program_that_is_killed_loses_seconds_not_minutes(tmp_path: Path) -> None:
    async with Program(tmp_path) as program:
        program.talks()
        assert kept(tmp_path) == []  # not with every word
        await elapse(SETTLE_S + 1)
        assert kept(tmp_path) == ["run/context.json"]


@pytest.mark.parametrize("age_s", [-60.0, KEEP_S + 60])
async def test_what_is_old_or_from_the_future_is_forgotten(
    tmp_path: Path, age_s: float, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await talked(tmp_path)
    assert Program(tmp_path, wall=1e9 + age_s).mind.memory.remembered is None
    assert kept(tmp_path) == []
    assert "forgotten" in caplog.text
    assert SAID not in caplog.text


async def test_the_time_it_was_switched_off_counts(tmp_path: Path) -> None:
    await talked(tmp_path)
    program = Program(tmp_path, wall=1e9 + KEEP_S - 10)
    deadline = program.mind.deadline
    assert deadline is not None
    assert 9 < deadline - program._now() <= 10


@pytest.mark.parametrize(
    "damage",
    [
        "{",
        '{"at": 1e9}',
        '{"at": 1e9, "conversation_id": "c", "held_item_id": "", "added": [7]}',
        '{"at": 1e9, "conversation_id": "c", "held_item_id": "", "added": [{"type": "error"}]}',
        '{"at": 1e9, "conversation_id": "c", "held_item_id": "", '
        '"added": [{"type": "conversation.item.added", "item": {"type": "message"}}]}',
        '{"at": NaN, "conversation_id": "c", "held_item_id": "", "added": []}',
    ],
)
async def test_a_damaged_file_is_forgotten(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    await talked(tmp_path)
    path = tmp_path / "run" / "context.json"
    path.with_name("context.json.previous").unlink(missing_ok=True)
    path.write_text(damage)
    assert Program(tmp_path).mind.memory.remembered is None
    assert not path.exists()
    assert caplog.records or "NaN" in damage
    assert SAID not in caplog.text


async def test_what_the_owner_has_forgotten_is_gone_at_once(tmp_path: Path) -> None:
    async with Program(tmp_path) as program:
        program.talks()
        await elapse(SETTLE_S + 1)
        program.talks()
        await elapse(SETTLE_S + 1)
        assert len(kept(tmp_path)) == 2  # the copy before, too
        program.happens(ForgetRequested())
        await elapse(0.01)
        assert kept(tmp_path) == []


async def test_what_is_too_old_is_gone_from_the_file_as_well(tmp_path: Path) -> None:
    async with Program(tmp_path) as program:
        program.talks()
        await elapse(SETTLE_S + 1)
        await elapse(KEEP_S)
        program.happens(DeadlinePassed())
        await elapse(0.01)
        assert kept(tmp_path) == []


async def test_a_mind_that_is_rebuilt_remembers(tmp_path: Path) -> None:
    """Also in the middle of a session; then it is over, and the clock begins to run."""
    async with Program(tmp_path) as program:
        program.talks()
        program.happens(ButtonPressed(0))
        rebuilt = program.build()
        assert [item.id for item in rebuilt.conversation.items] == ["u1", "f1", "o1", "a1"]
        assert rebuilt.deadline == program._now() + KEEP_S


async def test_the_file_holds_words_and_times_only(tmp_path: Path) -> None:
    await talked(tmp_path)
    state = json.loads((tmp_path / "run" / "context.json").read_text())
    assert set(state) == {"at", "conversation_id", "held_item_id", "added"}
    assert state["at"] == pytest.approx(1e9)
