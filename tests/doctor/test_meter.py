"""What is heard, drawn as a line."""

import io

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.doctor.finding import Finding, may_colour
from edgevoice.doctor.meter import LEVEL_WIDTH, Levels, Meter, bar, level_bar

QUIET = Levels(-60.0, -50.0, 0.0, {"alexa": 0.01})
LOUD = Levels(-12.0, 0.0, 0.95, {"alexa": 0.97}, erle_db=23.4)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_shows_it_all_within_80_columns() -> None:
    line = Meter({"alexa": 0.5}).line(LOUD, 1.0)
    assert line.startswith(" -12.0 dBFS [#####")
    assert "CLIP" in line and "alexa 0.97 (0.97)" in line and line.endswith("echo -23 dB")
    assert len(Meter({"alexa": 0.5}).line(QUIET, 1.0)) <= 79


def test_peaks_clipping_and_scores_are_held_and_let_go() -> None:
    meter = Meter({"alexa": 0.5})
    meter.line(LOUD, 1.0)
    after = meter.line(QUIET, 2.0)
    assert "CLIP" in after and "(0.97)" in after and "|]" in after
    later = meter.line(QUIET, 9.0)
    assert "CLIP" not in later and "(0.01)" in later and "|]" not in later


def test_colours_only_where_they_are_wanted() -> None:
    assert "\x1b" not in Meter({"alexa": 0.5}).line(LOUD, 1.0)
    assert "\x1b[32malexa 0.97" in Meter({"alexa": 0.5}, colour=True).line(LOUD, 1.0)
    assert may_colour(Terminal(), {})
    assert not may_colour(Terminal(), {"NO_COLOR": "1"})
    assert not may_colour(io.StringIO(), {})


@given(st.integers(1, 200), st.booleans())
def test_a_narrow_terminal_gets_a_shorter_line(width: int, colour: bool) -> None:
    line = Meter({"alexa": 0.5}, colour).line(LOUD, 1.0, width)
    plain = Meter({"alexa": 0.5}).line(LOUD, 1.0)
    shown = line.replace("\x1b[31m", "").replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert shown == plain[:width]
    assert line.count("\x1b[0m") == line.count("\x1b[3"), "no colour is left on"


@given(st.floats(-200, 50), st.floats(-200, 50), st.floats(-1, 2))
def test_bars_keep_their_length(rms: float, peak: float, share: float) -> None:
    assert len(level_bar(rms, peak)) == LEVEL_WIDTH + 2
    assert len(bar(share, 8)) == 10


def test_an_answer_that_lacks_something_is_drawn_all_the_same() -> None:
    assert Levels.of({}) == Levels(-120.0, -120.0, 0.0, {}, None)
    odd = Levels.of({"rms_dbfs": "loud", "speech": float("nan"), "scores": {"alexa": None}})
    assert odd == Levels(-120.0, -120.0, 0.0, {"alexa": 0.0}, None)
    full = {"rms_dbfs": -30, "peak_dbfs": -20.5, "speech": 1, "scores": {}, "erle_db": 20}
    assert Levels.of(full) == Levels(-30.0, -20.5, 1.0, {}, 20.0)


def test_a_finding_is_one_line_with_what_to_do() -> None:
    finding = Finding("fail", "microphone", "is silent", "unplug it once")
    assert finding.line() == "fail  microphone: is silent; unplug it once"
    assert finding.line(colour=True).startswith("\x1b[31mfail\x1b[0m  ")
