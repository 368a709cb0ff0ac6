"""Lines instead of light."""

import io
import logging

import pytest

from edgevoice.hardware.lights.console import ConsoleIndicator
from edgevoice.transceiver.indication import Indication


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_console_prints_one_line_per_change() -> None:
    screen = io.StringIO()
    indicator = ConsoleIndicator(screen)
    for indication in (Indication.IDLE, Indication.LISTENING, Indication.LISTENING):
        indicator.show(indication)
    assert screen.getvalue() == "○ idle\n● listening\n"


def test_a_terminal_gets_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Terminal()
    ConsoleIndicator(screen).show(Indication.MUTED)
    assert screen.getvalue() == "\x1b[38;2;213;94;0m●\x1b[0m muted\n"


def test_a_demonstration_is_no_truth() -> None:
    screen = io.StringIO()
    indicator = ConsoleIndicator(screen)
    indicator.demonstrate("listening", 4.0)
    indicator.show(Indication.IDLE)
    assert screen.getvalue() == "◌ listening, for show\n○ idle\n"


def test_a_closed_console_is_counted_and_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    screen = io.StringIO()
    indicator = ConsoleIndicator(screen)
    screen.close()
    indicator.show(Indication.LISTENING)
    indicator.show(Indication.THINKING)
    indicator.demonstrate("muted", 1.0)
    assert not indicator.works
    assert indicator.failures == 3
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
