"""Measured settings on their way into a file."""

from pathlib import Path

import pytest

from edgevoice.config_file import load
from edgevoice.doctor.proposals import Proposal
from edgevoice.doctor.settings_file import HEAD, NAME, SettingsFile
from edgevoice.errors import ConfigError

DELAY = Proposal("echo.delay_ms", 69, "measured 83.4 ms")
HALF_DUPLEX = Proposal("turn.barge_in", False, "it would interrupt itself")


def put(folder: Path, *wanted: Proposal) -> str:
    """The file's text afterwards, without its head."""
    file = SettingsFile([str(folder)])
    file.write(file.proposed(load([folder]), wanted))
    text = (folder / NAME).read_text()
    assert text.startswith(HEAD)
    return text.removeprefix(HEAD)


def test_each_setting_stands_with_its_reason(tmp_path: Path) -> None:
    assert put(tmp_path, DELAY, HALF_DUPLEX).splitlines() == [
        "echo:",
        "  delay_ms: 69  # measured 83.4 ms",
        "turn:",
        "  barge_in: false  # it would interrupt itself",
    ]
    config = load([tmp_path])
    assert config.echo.delay_ms == 69 and config.turn.barge_in is False
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_what_else_is_in_the_file_stays_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(
        "speaker:\n  device: 'on'\n  rate_hz: 24000  # the card's own\nlog_level: info\n"
        "echo: {tail_ms: 120, delay_ms: 5}\n"
    )
    text = put(tmp_path, DELAY)
    assert "device: 'on'" in text and "rate_hz: 24000  # the card's own" in text
    config = load([tmp_path])
    assert (config.echo.delay_ms, config.echo.tail_ms) == (69, 120)


def test_writing_twice_changes_nothing_more(tmp_path: Path) -> None:
    word = Proposal("wake.words[alexa].threshold", 0.4, "2 of 80 missed")
    once = put(tmp_path, DELAY, word)
    assert put(tmp_path, DELAY) == once
    file = SettingsFile([str(tmp_path)])
    assert file.diff(file.proposed(load([tmp_path]), [word])) == ""


def test_one_words_threshold_keeps_the_other_words(tmp_path: Path) -> None:
    (tmp_path / "10-mine.yaml").write_text(
        "wake:\n  words:\n    - {name: alexa, action: stop}\n"
        "    - {name: hey_jarvis, threshold: 0.4, voice: marin}\n"
    )
    put(tmp_path, Proposal("wake.words[alexa].threshold_playing", 0.8, "its own voice"))
    alexa, jarvis = load([tmp_path]).wake.words
    assert (alexa.name, alexa.action, alexa.threshold_playing) == ("alexa", "stop", 0.8)
    assert (jarvis.name, jarvis.threshold, jarvis.voice) == ("hey_jarvis", 0.4, "marin")


def test_the_difference_is_shown(tmp_path: Path) -> None:
    put(tmp_path, DELAY)
    file = SettingsFile([str(tmp_path)])
    shown = file.diff(file.proposed(load([tmp_path]), [Proposal("echo.delay_ms", 12, "moved")]))
    assert "-  delay_ms: 69  # measured 83.4 ms" in shown
    assert "+  delay_ms: 12  # moved" in shown


def test_nothing_is_written_that_the_check_refuses(tmp_path: Path) -> None:
    put(tmp_path, DELAY)
    before = (tmp_path / NAME).read_text()
    file = SettingsFile([str(tmp_path)])
    config = load([tmp_path])
    with pytest.raises(ConfigError, match="delay_ms"):
        file.write(file.proposed(config, [Proposal("echo.delay_ms", 5000, "nonsense")]))
    assert (tmp_path / NAME).read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_file_that_is_broken_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("echo: [\n")
    with pytest.raises(ConfigError, match="not YAML"):
        SettingsFile([str(tmp_path)]).proposed(load(()), [DELAY])


def test_a_later_file_that_wins_is_named(tmp_path: Path) -> None:
    (tmp_path / "95-later.yaml").write_text("echo: {delay_ms: 7}\n")
    put(tmp_path, DELAY)
    (overruled,) = SettingsFile([str(tmp_path)]).overruled()
    assert overruled == f"echo.delay_ms ({tmp_path}/95-later.yaml:1)"


def test_without_a_folder_there_is_nowhere_to_write(tmp_path: Path) -> None:
    alone = tmp_path / "config.yaml"
    alone.write_text("{}\n")
    with pytest.raises(ConfigError, match="folder"):
        SettingsFile([str(alone)])


def test_a_place_that_cannot_be_written_is_said_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "config.d"
    folder.mkdir()
    file = SettingsFile([str(folder)])
    text = file.proposed(load([folder]), [DELAY])
    folder.rmdir()
    folder.write_text("a file where the folder was")
    with pytest.raises(ConfigError, match="cannot be (read|written).*"):
        file.write(text)
