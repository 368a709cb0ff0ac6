"""Who is speaking: somebody in the room, or the loudspeaker?"""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.barge_in import BargeInDetector, Confirmed, Hint
from edgevoice.audio.echo import Cancelled
from edgevoice.audio.echo_canceller import SoftwareCanceller
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.vad import SileroVad
from edgevoice.config import EchoConfig
from edgevoice.simulator.acoustics import EchoPath
from tests.recordings import speech

FAR_DB = 70.0
"""Level of what is played, over one LSB: about -20 dBFS."""


def sound(level_db: float, seed: int = 0) -> Samples:
    noise = np.random.default_rng(seed).standard_normal(FRAME_SAMPLES)
    return np.clip(10 ** (level_db / 20) * noise, -32768, 32767).astype(np.int16)


@dataclass
class Scene:
    """Frames of given loudness, one after the other."""

    detector: BargeInDetector = field(default_factory=BargeInDetector)
    frame: int = 0
    told: list[Hint | Confirmed] = field(default_factory=list)

    def hears(
        self, linear_db: float, p: float, *, uplink_db: float = 25.0, far_db: float = FAR_DB
    ) -> Hint | Confirmed | None:
        cancelled = Cancelled(sound(linear_db, self.frame), sound(uplink_db, self.frame + 1))
        first = self.frame * FRAME_SAMPLES
        told = self.detector.hear(cancelled, p, sound(far_db), first)
        self.frame += 1
        if told is not None:
            self.told.append(told)
        return told

    def plays(self, seconds: float, residue_db: float = 30.0, p: float = 0.05) -> "Scene":
        """Nobody speaks; what is left of the echo flickers by 6 dB."""
        for _ in range(round(seconds * 50)):
            self.hears(residue_db - self.frame % 4 * 2.0, p)
        return self

    @property
    def now(self) -> int:
        return self.frame * FRAME_SAMPLES


def learnt() -> Scene:
    """The room is known: 40 dB of the echo are taken off."""
    return Scene().plays(6.0)


def confirmed(scene: Scene) -> bool:
    return any(isinstance(told, Confirmed) for told in scene.told)


def test_its_own_voice_is_nobody() -> None:
    assert learnt().plays(30.0).told == []


def test_nor_while_the_room_is_being_learnt() -> None:
    """The first answer: the echo is hardly cancelled, and the VAD hears speech in it."""
    scene = Scene()
    for n in range(100):
        scene.hears(60.0 - n * 0.3, 0.95, uplink_db=36.0)
    assert scene.told == []


def test_a_voice_10_db_below_the_echo_is_hinted_at_in_40_ms_and_confirmed_in_120() -> None:
    scene = learnt()
    began = scene.now
    answers = [scene.hears(50.0, p) for p in (0.1, 0.3, 0.6, 0.95, 0.98, 0.98)]
    assert answers[:2] == [None, Hint(began)]
    assert Confirmed(began) in answers[2:]


def test_where_the_linear_output_is_of_no_use_the_suppressed_one_tells() -> None:
    """Clocks that drift: the residue is loud and sounds like speech."""
    scene = Scene()
    for n in range(300):
        scene.hears(55.0 + n % 3 * 3.0, 0.95)
    assert scene.told == []
    for _ in range(8):
        scene.hears(58.0, 0.95, uplink_db=50.0)
    assert confirmed(scene)


def test_a_click_is_nothing() -> None:
    scene = learnt()
    scene.hears(75.0, 0.4)
    assert scene.plays(1.0).told == []


def test_a_slamming_door_may_lower_the_answer_but_does_not_end_it() -> None:
    scene = learnt()
    for n in range(20):
        scene.hears(75.0 - 2 * n, 0.1)
    assert scene.plays(1.0).told in ([], [scene.told[0]])
    assert not confirmed(scene)


def test_loud_without_a_word_is_hinted_at_once_and_never_confirmed() -> None:
    scene = learnt()
    for _ in range(100):
        scene.hears(50.0, 0.1)
    assert [type(told) for told in scene.told] == [Hint]


def test_a_room_that_has_changed_is_learnt_again() -> None:
    scene = learnt().plays(8.0, residue_db=45.0)
    scene.told.clear()
    assert scene.plays(10.0, residue_db=45.0).told == []


def test_a_voice_teaches_nothing() -> None:
    """Who had to say it twice is heard as soon as before."""
    scene = learnt()
    for _ in range(5):
        for _ in range(30):
            scene.hears(50.0, 0.95)
        scene.plays(1.0)
    scene.told.clear()
    began = scene.now
    for _ in range(6):
        scene.hears(50.0, 0.95)
    assert scene.told == [Hint(began), Confirmed(began)]


def test_the_soft_beginning_of_a_word_is_not_taken_for_our_own_voice() -> None:
    scene = learnt()
    for level in (33.0, 35.0, 36.0, 37.0):
        scene.hears(level, 0.1)
    began = scene.now
    for _ in range(6):
        scene.hears(46.0, 0.95)
    assert isinstance(scene.told[0], Hint) and scene.told[0].sample <= began
    assert confirmed(scene)


def test_confirmed_once_and_then_again_after_a_pause() -> None:
    scene = learnt()
    for _ in range(50):
        scene.hears(55.0, 0.95)
    assert sum(isinstance(told, Confirmed) for told in scene.told) == 1
    assert scene.detector.is_voice
    scene.plays(1.0)
    assert not scene.detector.is_voice
    for _ in range(10):
        scene.hears(55.0, 0.95)
    assert sum(isinstance(told, Confirmed) for told in scene.told) == 2


def test_frames_that_are_missing_begin_anew() -> None:
    scene = learnt()
    for _ in range(3):
        scene.hears(50.0, 0.6)
    scene.frame += 1
    scene.hears(50.0, 0.6)
    scene.hears(50.0, 0.6)
    assert not confirmed(scene)


def test_the_beginning_of_an_answer_asks_for_more_but_not_for_ever() -> None:
    """The canceller may have to find its echo again."""
    scene = learnt()
    scene.frame += 100
    for _ in range(10):
        scene.hears(48.0, 0.95)
    assert scene.told == []
    scene.plays(2.0)
    for _ in range(10):
        scene.hears(48.0, 0.95)
    assert confirmed(scene)


def test_another_room_is_not_known() -> None:
    scene = learnt()
    scene.detector.reset()
    for _ in range(10):
        scene.hears(50.0, 0.95)
    assert scene.told == []


@given(
    st.lists(
        st.tuples(st.floats(-30, 90), st.floats(-30, 90), st.floats(-30, 90), st.floats(0, 1)),
        max_size=60,
    )
)
def test_nothing_is_confirmed_without_three_frames_of_speech(
    frames: list[tuple[float, float, float, float]],
) -> None:
    scene, since_quiet = Scene(), 0
    for linear_db, uplink_db, far_db, p in frames:
        told = scene.hears(linear_db, p, uplink_db=uplink_db, far_db=far_db)
        since_quiet += p >= 0.5
        if isinstance(told, Confirmed):
            assert since_quiet >= 3
            assert 0 <= told.sample <= scene.now - 3 * FRAME_SAMPLES


VOICES = (
    "alexa_harumph",
    "alexa_go_to_dark_forest",
    "alexa_what_are_the_news_headlines",
    "alexa_what_time_is_it",
    "hey_jarvis",
    "jarvis",
    "smart_mirror",
    "alexa_34",
    "alexa_62",
    "alexa_67",
    "alexa_107",
)
"""Those whose first sample is known: they begin without a click or a noise."""
PLAYED = ("turn_on_the_lamp", "set_timer", "whats_the_date_today", "snowboy", "hey_mycroft")


def levels(samples: Samples) -> np.ndarray:
    """In dB, of each 10 ms."""
    blocks = samples[: len(samples) // 160 * 160].astype(float).reshape(-1, 160)
    return np.asarray(10 * np.log10(np.mean(blocks**2, axis=1) + 1e-3))


def at_level(samples: Samples, level_db: float) -> Samples:
    """Without silence around it, its speech this loud."""
    loud = levels(samples)
    spoken = np.flatnonzero(loud > np.percentile(loud, 95) - 22)
    cut = samples[spoken[0] * 160 : (spoken[-1] + 1) * 160]
    gain = level_db - 10 * np.log10(np.mean(10 ** (loud[spoken] / 10)))
    return np.clip(cut * 10 ** (gain / 20), -32768, 32767).astype(np.int16)


class Room:
    """Answer, loudspeaker, room, canceller and VAD, in a loop that ducks and flushes."""

    def __init__(self, models_dir: str) -> None:
        self.playout = PlayoutBuffer(CAPTURE_RATE_HZ)
        self.path = EchoPath(CAPTURE_RATE_HZ, 90, -10, saturation=1.0, noise_dbfs=-65)
        self.canceller = SoftwareCanceller(EchoConfig())
        self.vad = SileroVad(models_dir)
        self.detector = BargeInDetector()
        self.answer = np.concatenate([at_level(speech(name), FAR_DB) for name in PLAYED])
        self.frame = 0
        self.answering = True

    def frame_of(self, near: Samples) -> Hint | Confirmed | None:
        if self.answering and self.playout.waiting_ms < 100:
            self.playout.push(self.answer)
        far = self.playout.pull(FRAME_SAMPLES)
        self.path.play(far)
        both = self.path.hear(FRAME_SAMPLES).astype(np.int32) + near
        captured = np.clip(both, -32768, 32767).astype(np.int16)
        cancelled = self.canceller.process(captured, far)
        probability = self.vad.probability(cancelled.linear)
        first, self.frame = self.frame * FRAME_SAMPLES, self.frame + 1
        return self.detector.hear(cancelled, probability, far, first)

    def alone(self, seconds: float) -> list[Hint | Confirmed]:
        silence = np.zeros(FRAME_SAMPLES, np.int16)
        told = [self.frame_of(silence) for _ in range(round(seconds * 50))]
        return [each for each in told if each is not None]

    def delays_ms(self, voice: Samples) -> tuple[float, float]:
        """From its first sample to the decisions that lower and end the answer."""
        hinted = ended = float("inf")
        for n in range(len(voice) // FRAME_SAMPLES):
            told = self.frame_of(voice[n * FRAME_SAMPLES : (n + 1) * FRAME_SAMPLES])
            if told is not None:
                hinted = min(hinted, (n + 1) * 20.0)
                self.playout.duck(0.2)
            if isinstance(told, Confirmed):
                ended = min(ended, (n + 1) * 20.0)
                self.answering = False
                self.playout.flush()
        self.alone(0.5)
        self.answering = True
        self.playout.duck(1.0)
        return hinted, ended


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.parametrize("near_db", [0.0, -10.0])
def test_real_voices_over_a_real_echo(models_dir: str, near_db: float) -> None:
    """Budget: quiet within 120 ms, silent within 250 ms at the loudspeaker, nine times in ten.

    Of that, ducking takes 16 ms, fading out 5 ms and a loudspeaker's two periods 20 ms.
    """
    room = Room(models_dir)
    assert room.alone(12.0) == [], "it hears itself"
    delays = []
    for name in VOICES:
        delays.append(room.delays_ms(at_level(speech(name), FAR_DB - 10 + near_db)))
        room.alone(2.0)
    hinted, ended = (np.sort([pair[i] for pair in delays]) for i in (0, 1))
    at_90 = round(0.9 * len(VOICES)) - 1
    assert hinted[at_90] <= 120 - 16 - 20
    assert ended[at_90] <= 250 - 5 - 20
    assert np.isfinite(ended).all(), "each is heard in the end"
