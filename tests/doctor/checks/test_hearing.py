"""Microphones that are alive, deaf, dead, or in somebody's hands."""

from collections.abc import Sequence

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.config import Config, MicrophoneConfig, SpeakerConfig
from edgevoice.doctor.checks.hearing import Heard, hearing, judged, listen
from tests.doctor.boards import WELL, Assistant, only

VIRTUAL = Config(
    microphone=MicrophoneConfig(backend="silence"), speaker=SpeakerConfig(backend="null")
)
ROOM = np.random.default_rng(1).normal(0, 40, 50 * FRAME_SAMPLES).astype(np.int16)


def frames(sound: Samples) -> list[Samples]:
    return list(sound.reshape(-1, FRAME_SAMPLES))


@pytest.mark.parametrize(
    ("sound", "level", "said"),
    [
        (ROOM, "ok", "-58 dBFS"),
        (ROOM * 0, "fail", "nothing but zeros"),
        (ROOM * 0 + 7, "fail", "always the same value (7)"),
        (ROOM + 3_000, "warn", "off centre by 9%"),
        (np.clip(ROOM.astype(np.int32) * 400, -32768, 32767).astype(np.int16), "warn", "loud"),
        (ROOM[: 10 * FRAME_SAMPLES], "fail", "only 10 of 50 blocks"),
        (ROOM[:0], "fail", "delivers nothing"),
    ],
)
def test_what_came_in_a_second(sound: Samples, level: str, said: str) -> None:
    found = only(judged(Heard(frames(sound))))
    assert found.level == level and said in found.text
    assert bool(found.todo) == (level != "ok")


def test_one_that_went_away_while_it_was_heard() -> None:
    assert "was pulled out" in only(judged(Heard(frames(ROOM), "it was pulled out"))).text


async def test_a_second_is_heard_and_no_more() -> None:
    heard = await listen(VIRTUAL.microphone)
    assert len(heard.frames) == 50


@pytest.mark.parametrize(
    ("status", "levels", "level", "said"),
    [
        (WELL, {"rms_dbfs": -52.0, "peak_dbfs": -40.0}, "ok", "-52 dBFS"),
        (WELL, {"rms_dbfs": -120.0, "peak_dbfs": -120.0}, "fail", "nothing but zeros"),
        ({**WELL, "muted": True}, {"rms_dbfs": -120.0}, "ok", "muted"),
    ],
)
def test_the_running_assistant_is_asked(
    status: dict[str, object], levels: dict[str, float], level: str, said: str
) -> None:
    found = only(hearing(Config(), Assistant(status, levels=levels)))
    assert found.level == level and said in found.text


def test_one_that_may_not_be_asked() -> None:
    found = only(hearing(VIRTUAL, Assistant(PermissionError())))
    assert found.level == "warn" and "adduser" in found.todo


def test_virtual_devices_are_left_alone() -> None:
    backends: Sequence[object] = list(hearing(VIRTUAL, Assistant(None)))
    assert backends == []
