"""From measurements to settings: what is proposed, and why, in one line each.

Pure. How the settings get into a file is `settings_file.py`'s concern.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor

from edgevoice.audio.calibration import Echo, Measured
from edgevoice.config import Config, WakeWordConfig
from edgevoice.config_rules import RANGES

LINEAR_DB = -26.0
"""Distortion up to here (5 %) leaves a canceller 26 dB of what it could do; beyond it the
wake word begins to suffer (hard saturation: 82 to 90 % missed at an echo 10 dB above the voice,
next to 0 to 3 % on a linear path)."""
HOPELESS_DB = -12.0
"""A quarter of what comes back is not what was played: nothing linear takes that away."""
MOST_CLIPPED = 0.001
MOST_CANCELLED_DRIFT_PPM = 350.0
"""The canceller measures drift by angles, which are ambiguous from 390 ppm on."""

MARGIN_MS, MARGIN_SHARE = 10.0, 0.2
"""Left between the delay that was measured and the one that is proposed, the greater of both:
what is played must not be heard before the reference says so, and sound servers take a
little more or less time whenever a stream is opened."""
LEAST_TAIL_MS = 60
"""People and doors move; a desk reflects after 5 ms, a wall after 20."""

PLAYING_THRESHOLD = 0.8
"""For a wake word over the assistant's own voice, where nothing removes that."""

QUIET_DBFS, VERY_QUIET_DBFS = -65.0, -100.0
"""Speech at two metres is some 25 dB above the noise of a quiet room, and models were
trained on speech around -30 dBFS. Below the second there is no room, but a cable."""
MOST_GAIN_DB = 20.0
LEAST_GAIN_STEP_DB = 3.0
HEADROOM_DBFS = -6.0


@dataclass(frozen=True, slots=True)
class Proposal:
    path: str
    """`echo.delay_ms`; of one wake word `wake.words[alexa].threshold_playing`."""
    value: object
    reason: str


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement, and how loud it was made."""

    volume_percent: int
    measured: Measured
    reference_ms: float = 0.0
    """The canceller is told so much later what is played."""

    @property
    def is_linear(self) -> bool:
        """Whether what comes back is what was played."""
        echo = self.measured.echo
        clipped = self.measured.clipped > MOST_CLIPPED
        return not clipped and (echo is None or echo.distortion_db <= LINEAR_DB)

    @property
    def quieter_percent(self) -> int:
        """6 dB less, by the curve of the loudness."""
        return round(self.volume_percent * 0.707)


def proposals(config: Config, rounds: Sequence[Round]) -> list[Proposal]:
    """What would be better otherwise than it is configured. The last round was the quietest."""
    last = rounds[-1]
    wanted = [*_gain(config, last)]
    echo = last.measured.echo
    # Where sound is lost now and then, that has to be mended first.
    if config.echo.canceller != "hardware" and echo is not None and not echo.interrupted:
        hopeless = _hopeless(last, echo)
        wanted += _half_duplex(config, hopeless) if hopeless else _cancelled(config, rounds)
    return [p for p in wanted if p.value != configured(config, p.path)]


def _cancelled(config: Config, rounds: Sequence[Round]) -> Iterator[Proposal]:
    last = rounds[-1]
    echo = last.measured.echo
    assert echo is not None, "nothing was heard that could be cancelled"
    if last.volume_percent < rounds[0].volume_percent and last.is_linear:
        yield Proposal(
            "speaker.volume_percent",
            last.volume_percent,
            f"at {rounds[0].volume_percent} the sound is distorted, and then no echo is removed",
        )
    seen_ms = echo.delay_ms - last.reference_ms
    margin_ms = max(MARGIN_MS, MARGIN_SHARE * seen_ms)
    delay_ms = max(0, floor(seen_ms - echo.delay_spread_ms - margin_ms))
    delay_ms = min(delay_ms, int(RANGES["EchoConfig.delay_ms"].high))
    yield Proposal(
        "echo.delay_ms",
        delay_ms,
        f"the canceller sees {seen_ms:.0f} ms, of which {margin_ms:.0f} are kept as a margin",
    )
    if echo.tail_ms is not None:
        reach_ms = seen_ms + echo.delay_spread_ms - delay_ms + echo.tail_ms
        yield Proposal(
            "echo.tail_ms",
            _within("EchoConfig.tail_ms", max(LEAST_TAIL_MS, ceil(reach_ms / 20) * 20)),
            f"the room is 30 dB quieter after {echo.tail_ms:.0f} ms, plus the margin of the delay",
        )
    if config.echo.canceller == "none":
        yield Proposal("echo.canceller", "software", "the echo can be removed")
        yield Proposal("turn.barge_in", True, "with the echo removed it cannot interrupt itself")


def _half_duplex(config: Config, why: str) -> Iterator[Proposal]:
    yield Proposal("echo.canceller", "none", f"{why}: no canceller can work")
    yield Proposal("turn.barge_in", False, "the assistant would interrupt itself")
    for word in config.wake.words:
        threshold = max(word.threshold, word.threshold_playing, PLAYING_THRESHOLD)
        yield Proposal(
            f"wake.words[{word.name}].threshold_playing",
            threshold,
            "its own voice must not wake it",
        )


def _hopeless(last: Round, echo: Echo) -> str:
    """Why nothing can remove this echo, or nothing."""
    if echo.drift_ppm is not None and abs(echo.drift_ppm) > MOST_CANCELLED_DRIFT_PPM:
        return f"the clocks of loudspeaker and microphone differ by {echo.drift_ppm:.0f} ppm"
    if echo.distortion_db > HOPELESS_DB:
        return f"the echo is distorted ({echo.distortion_db:.0f} dB) even at {last.volume_percent}"
    if last.measured.clipped > MOST_CLIPPED:
        return f"the echo overdrives the microphone even at volume {last.volume_percent}"
    return ""


def _gain(config: Config, last: Round) -> Iterator[Proposal]:
    measured, gain_db = last.measured, config.microphone.gain_db
    if measured.clipped > MOST_CLIPPED and gain_db > 0:
        lower_db = max(0.0, gain_db - 12)
        yield Proposal("microphone.gain_db", lower_db, "what is captured is clipped")
    elif VERY_QUIET_DBFS < measured.noise_dbfs < QUIET_DBFS and not measured.dead:
        headroom_db = HEADROOM_DBFS - measured.peak_dbfs
        more_db = min(QUIET_DBFS - measured.noise_dbfs, headroom_db, MOST_GAIN_DB - gain_db)
        if more_db >= LEAST_GAIN_STEP_DB:
            yield Proposal(
                "microphone.gain_db",
                float(floor(gain_db + more_db)),
                f"the room is at {measured.noise_dbfs:.0f} dBFS, so speech will be faint",
            )


def _within(name: str, value: int) -> int:
    return int(min(max(value, RANGES[name].low), RANGES[name].high))


def configured(config: Config, path: str) -> object:
    """The value that applies now."""
    section, _, name = path.rpartition(".")
    if section.startswith("wake.words["):
        return getattr(word_of(config, section), name)
    return getattr(getattr(config, section), name)


def word_of(config: Config, section: str) -> WakeWordConfig:
    """The wake word that `wake.words[alexa]` means."""
    name = section.removeprefix("wake.words[").removesuffix("]")
    (word,) = (word for word in config.wake.words if word.name == name)
    return word
