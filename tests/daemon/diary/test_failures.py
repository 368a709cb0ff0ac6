"""What a failure leaves: enough to replay it, no word, and never much of it."""

import errno
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import get_args

import pytest

from edgevoice.config import Config
from edgevoice.daemon.diary.failures import MOST_OF_A_KIND, Failure, Failures, Kind
from edgevoice.daemon.diary.log_tail import LogTail
from edgevoice.owner.replay import found, play
from edgevoice.transceiver.flight import Entry
from edgevoice.transceiver.inputs import ButtonPressed, TimerRang
from tests.transceiver.story import item_added, linked, session_created
from tests.transceiver.test_flight_record import Box

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def failures(folder: Path, clock: Clock | None = None) -> Failures:
    made = Failures(folder, clock or Clock())
    config = Config()
    made.config = replace(config, link=replace(config.link, instructions="You are Jeeves"))
    made.status = lambda: {"state": "idle", "timers": [{"label": "Jeeves' tea"}]}
    return made


def conversation() -> Box:
    box = Box(instructions="You are Jeeves")
    box.happens(ButtonPressed(9), linked())
    box.says(session_created, item_added("Where is Jeeves?", "u1"))
    box.happens(TimerRang("Jeeves' tea"))
    return box


def everything(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_it_can_be_replayed_and_says_what_it_was_like(tmp_path: Path) -> None:
    made = failures(tmp_path)
    path = made.keep(Failure("crash", "KeyError", conversation().flight.entries, "  x.py:1 f\n"))
    assert path == tmp_path / "failures" / "20260102-030405-crash"
    about, played = play(found(path))
    assert about["why"] == "KeyError" and [step.is_same for step in played] == [True] * 5
    told = json.loads((path / "failure.json").read_text())
    assert told["what"] == "KeyError" and told["status"] == {"state": "idle"}
    assert told["settings"]["turn"]["no_speech_s"] == 6.0
    assert (path / "stacks.txt").read_text() == "  x.py:1 f\n"


def test_nobodys_words_are_in_it_and_nobody_else_reads_it(tmp_path: Path) -> None:
    path = failures(tmp_path).keep(Failure("stall", "it stood", conversation().flight.entries))
    assert path is not None and "Jeeves" not in everything(path)
    for inner in (path, *path.iterdir()):
        assert inner.stat().st_mode & 0o077 == 0, inner


def test_the_log_is_beside_it_and_no_exception_that_may_quote_anybody(tmp_path: Path) -> None:
    made, log = failures(tmp_path), logging.getLogger("edgevoice.test")
    with made.log.attached():
        log.warning("the relay is away")
        try:
            raise KeyError("Jeeves")
        except KeyError:
            log.exception("something broke")
    log.warning("afterwards")
    path = made.keep(Failure("crash", "KeyError", ()))
    assert path is not None
    lines = (path / "log.txt").read_text().splitlines()
    assert [line.partition(": ")[2] for line in lines] == ["the relay is away", "something broke"]


def test_of_each_kind_the_last_ones_are_kept(tmp_path: Path) -> None:
    clock = Clock()
    made = failures(tmp_path, clock)
    for kind in get_args(Kind):
        for _ in range(MOST_OF_A_KIND + 2):
            clock.passes(1)
            made.keep(Failure(kind, "x", ()))
    names = [path.name for path in made.kept()]
    assert len(names) == MOST_OF_A_KIND * len(get_args(Kind))
    assert "20260102-030406-invariant" not in names and "20260102-030410-invariant" in names


def test_whoever_tests_a_device_sees_the_words(tmp_path: Path) -> None:
    made = failures(tmp_path)
    made.leave(tmp_path / "there", Failure("expectation", "no", conversation().flight.entries))
    assert "Where is Jeeves?" in everything(tmp_path / "there") and made.kept() == []
    about, played = play(found(tmp_path / "there"))
    assert about["why"] == "no" and {step.is_same for step in played} == {True}


def test_a_bad_network_wears_out_no_card(tmp_path: Path) -> None:
    clock = Clock()
    made = failures(tmp_path, clock)
    made.keep(Failure("session", "x", ()))
    assert not made.is_due("session") and made.is_due("crash")
    clock.passes(601)
    assert made.is_due("session")


def test_what_was_forgotten_is_not_written_afterwards(tmp_path: Path) -> None:
    made = failures(tmp_path)
    late = made.job(Failure("session", "x", conversation().flight.entries))
    made.keep(Failure("crash", "x", ()))
    made.forget()
    made.erase()
    assert late() is None and not made.folder.exists()


def test_a_disk_that_refuses_costs_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "failures").write_text("in the way")
    assert failures(tmp_path).keep(Failure("crash", "x", ())) is None
    assert "a failure cannot be written down" in caplog.text


class TooLong(tuple[Entry, ...]):
    """So long that the disk is full in the middle of it."""

    def __iter__(self) -> Iterator[Entry]:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fills_up_is_left_as_it_was(tmp_path: Path) -> None:
    made = failures(tmp_path)
    assert made.keep(Failure("crash", "x", TooLong())) is None
    assert list(made.folder.iterdir()) == []


class Meanwhile(tuple[Entry, ...]):
    """While it is being written down, another device does this."""

    act: Callable[[], object]

    def __iter__(self) -> Iterator[Entry]:
        self.act()
        return iter(())


def test_two_devices_that_fail_at_once_leave_one_each(tmp_path: Path) -> None:
    """On one state folder: neither writes into the other one's half."""
    left: list[Path | None] = []
    other = Thread(
        target=lambda: left.append(failures(tmp_path).keep(Failure("crash", "KeyError", ())))
    )
    flight = Meanwhile()
    flight.act = lambda: (other.start(), other.join(0.3))
    one = failures(tmp_path).keep(Failure("crash", "TypeError", flight))
    other.join()
    kept = failures(tmp_path).kept()
    assert kept == [one, *left] == sorted(failures(tmp_path).folder.iterdir())
    told = [json.loads((path / "failure.json").read_text())["what"] for path in kept]
    assert told == ["TypeError", "KeyError"]


def test_another_device_that_hangs_in_it_is_waited_for_no_longer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hasty = Failures(tmp_path, Clock(), patience_s=0.1)
    flight = Meanwhile()
    flight.act = lambda: hasty.keep(Failure("crash", "KeyError", ()))
    assert failures(tmp_path).keep(Failure("stall", "it stood", flight)) is not None
    assert "another program has been writing there" in caplog.text


def test_after_the_clock_was_put_back_the_last_one_is_kept(tmp_path: Path) -> None:
    clock = Clock()
    made = failures(tmp_path, clock)
    for _ in range(MOST_OF_A_KIND + 1):
        last = made.keep(Failure("crash", "x", ()))
        clock.passes(-3600)
    assert last in made.kept() and len(made.kept()) == MOST_OF_A_KIND


def test_a_line_that_cannot_be_put_into_words_hurts_nobody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tail = LogTail()
    tail.handle(logging.LogRecord("edgevoice.x", logging.INFO, "x.py", 1, "%d", ("x",), None))
    assert tail.text == "" and "Logging error" in capsys.readouterr().err


def test_a_log_that_is_no_text_costs_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What pytest captures goes from process to process, and half a letter cannot.
    monkeypatch.setattr(logging.getLogger("edgevoice"), "propagate", False)
    made = failures(tmp_path)
    with made.log.attached():
        logging.getLogger("edgevoice.test").warning("%s cannot be read", "\udcff.wav")
    path = made.keep(Failure("crash", "KeyError", ()))
    assert path is not None and r"\udcff.wav cannot be read" in (path / "log.txt").read_text()
