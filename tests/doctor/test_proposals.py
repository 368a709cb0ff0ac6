"""From measurements to settings."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.calibration import Echo, Measured
from edgevoice.config import Config, EchoConfig, MicrophoneConfig, TurnConfig
from edgevoice.config_rules import RANGES
from edgevoice.doctor.diagnosis import diagnosis
from edgevoice.doctor.finding import Level
from edgevoice.doctor.proposals import Round, proposals

DEFAULTS = Config()
ECHO = Echo(
    delay_ms=83.4, delay_spread_ms=0.2, return_loss_db=12.0, dbfs=-27.0, distortion_db=-45.0,
    tail_ms=121.0, drift_ppm=12.0, interrupted=False,
)  # fmt: skip
GOOD = Measured(
    noise_dbfs=-58.0, dc_offset=0.0, peak_dbfs=-20.0, clipped=0.0, dead=False, too_short=False,
    echo=ECHO,
)  # fmt: skip


def proposed(
    measured: Measured, config: Config = DEFAULTS, reference_ms: float = 4.0, volume: int = 70
) -> dict[str, object]:
    wanted = proposals(config, [Round(volume, measured, reference_ms)])
    assert all(p.reason for p in wanted)
    return {p.path: p.value for p in wanted}


def told(measured: Measured, config: Config = DEFAULTS) -> dict[str, Level]:
    findings = list(diagnosis(config, [Round(70, measured)]))
    assert all(f.todo for f in findings if f.level != "ok"), "what is to be done is said"
    return {f.name: f.level for f in findings}


def worse(**echo: object) -> Measured:
    return replace(GOOD, echo=replace(ECHO, **echo))  # type: ignore[arg-type]


def test_a_good_room_gets_its_delay_and_its_tail() -> None:
    # 83.4 - 4 - 0.2 ms, of which a fifth is kept; from there on that, and the room.
    assert proposed(GOOD) == {"echo.delay_ms": 63, "echo.tail_ms": 140}
    assert set(told(GOOD).values()) == {"ok"}


def test_what_is_configured_already_is_not_proposed() -> None:
    assert proposed(GOOD, Config(echo=EchoConfig(delay_ms=63, tail_ms=140))) == {}


@given(
    delay_ms=st.floats(-20, 1000), spread_ms=st.floats(0, 100), tail_ms=st.floats(0, 700),
    reference_ms=st.floats(-5, 40),
)  # fmt: skip
def test_the_reference_stays_causal_and_the_values_allowed(
    delay_ms: float, spread_ms: float, tail_ms: float, reference_ms: float
) -> None:
    measured = worse(delay_ms=delay_ms, delay_spread_ms=spread_ms, tail_ms=tail_ms)
    config = Config(echo=EchoConfig(delay_ms=-1, tail_ms=-1))  # so that both are proposed
    wanted = proposed(measured, config, reference_ms)
    delay, tail = wanted["echo.delay_ms"], wanted["echo.tail_ms"]
    assert isinstance(delay, int) and delay in RANGES["EchoConfig.delay_ms"]
    assert isinstance(tail, int) and tail in RANGES["EchoConfig.tail_ms"]
    assert delay == 0 or delay <= delay_ms - reference_ms - spread_ms - 5
    assert tail == 500 or delay + tail >= min(1000, delay_ms - reference_ms) + tail_ms


@pytest.mark.parametrize(
    "measured",
    [
        worse(distortion_db=-8.0),
        worse(drift_ppm=-700.0),
        replace(GOOD, clipped=0.05),
    ],
)
def test_where_no_canceller_works_nobody_speaks_over_the_answer(measured: Measured) -> None:
    wanted = proposed(measured)
    assert wanted["echo.canceller"] == "none"
    assert wanted["turn.barge_in"] is False
    assert wanted["wake.words[alexa].threshold_playing"] == 0.8
    assert "echo.delay_ms" not in wanted
    assert set(told(measured).values()) & {"warn", "fail"}


def test_while_sound_is_lost_nothing_is_concluded_from_the_echo() -> None:
    assert proposed(worse(interrupted=True, drift_ppm=None, delay_ms=-40.0)) == {}


def test_a_board_that_was_moved_to_a_better_place_gets_it_all_back() -> None:
    config = Config(echo=EchoConfig(canceller="none"), turn=TurnConfig(barge_in=False))
    wanted = proposed(GOOD, config)
    assert wanted["echo.canceller"] == "software" and wanted["turn.barge_in"] is True


def test_the_loudest_volume_that_is_linear_is_proposed() -> None:
    strained = Round(70, worse(distortion_db=-15.0))
    assert not strained.is_linear and strained.quieter_percent == 49
    wanted = proposals(Config(), [strained, Round(49, GOOD)])
    assert {p.path: p.value for p in wanted}["speaker.volume_percent"] == 49


def test_a_card_that_cancels_by_itself_is_left_alone() -> None:
    config = Config(echo=EchoConfig(canceller="hardware"))
    assert proposed(replace(GOOD, echo=None), config) == {}
    assert told(replace(GOOD, echo=None), config)["echo"] == "ok"
    assert told(GOOD, config)["echo return loss"] == "warn"


@pytest.mark.parametrize(
    ("noise_dbfs", "peak_dbfs", "clipped", "now_db", "wanted_db"),
    [
        (-58.0, -20.0, 0.0, 0.0, None),  # fine
        (-80.0, -30.0, 0.0, 0.0, 15.0),  # a faint microphone
        (-80.0, -12.0, 0.0, 0.0, 6.0),  # but the loudspeaker is near
        (-80.0, -7.0, 0.0, 0.0, None),
        (-110.0, -30.0, 0.0, 0.0, None),  # no microphone at all
        (-50.0, 0.0, 0.01, 18.0, 6.0),
        (-50.0, 0.0, 0.01, 0.0, None),  # the card's own affair
    ],
)
def test_gain(
    noise_dbfs: float, peak_dbfs: float, clipped: float, now_db: float, wanted_db: float | None
) -> None:
    measured = replace(GOOD, noise_dbfs=noise_dbfs, peak_dbfs=peak_dbfs, clipped=clipped)
    config = Config(microphone=MicrophoneConfig(gain_db=now_db))
    assert proposed(measured, config).get("microphone.gain_db") == wanted_db


@pytest.mark.parametrize(
    ("measured", "name", "level"),
    [
        (replace(GOOD, dead=True, echo=None), "microphone", "fail"),
        (replace(GOOD, echo=None), "echo", "fail"),
        (replace(GOOD, echo=None, too_short=True), "echo", "fail"),
        (replace(GOOD, noise_dbfs=-30.0), "noise", "warn"),
        (replace(GOOD, dc_offset=-0.1), "microphone", "warn"),
        (worse(delay_spread_ms=9.0), "delay", "warn"),
        (worse(distortion_db=-20.0), "distortion", "warn"),
        (worse(distortion_db=-8.0), "distortion", "fail"),
        (worse(tail_ms=600.0), "room", "warn"),
        (worse(tail_ms=None), "room", "warn"),
        (worse(interrupted=True, drift_ppm=None), "clocks", "fail"),
        (worse(drift_ppm=800.0), "clocks", "fail"),
    ],
)
def test_what_is_wrong_is_said(measured: Measured, name: str, level: Level) -> None:
    assert told(measured)[name] == level


def test_a_cable_is_not_taken_for_a_room() -> None:
    cable = replace(worse(return_loss_db=0.0, tail_ms=0.1), noise_dbfs=-120.0)
    assert told(cable)["echo return loss"] == "warn"
