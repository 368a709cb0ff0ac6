"""The networks on the board: their bytes, whether they load, and how fast they are here."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.models import find
from edgevoice.config import Config
from edgevoice.doctor.finding import Finding
from edgevoice.errors import ModelError
from edgevoice.models import catalogue
from edgevoice.models.catalogue import Model, Offer, sha256_of

FETCH = "edgevoice models install (with sudo, where root has installed edgevoice)"
WORK_S = 0.5
"""Of the processor's time, or until enough sound has been heard."""
MOST_SOUND_S, WARM_UP_S = 8.0, 0.4
TOO_SLOW, TIGHT = 0.8, 0.4
"""Of one core; the echo canceller, the codec and Python want a part of it as well."""
SPEECH_RMS = 3_000

Clock = Callable[[], float]


def bytes_of_models(
    config: Config, offers: Sequence[Offer] | None = None, *, relay: bool = False
) -> Finding:
    """Those that are here against the catalogue; `relay`: not only what a board needs."""
    models_dir = config.relay.models_dir if relay else config.wake.models_dir
    wrong, right = [], 0
    for offer in catalogue.read() if offers is None else offers:
        for model in offer.models if relay else (m for m in offer.models if m.wake):
            match _state(models_dir, model):
                case True:
                    right += 1
                case False:
                    wrong.append(model.name)
    name = "models" if relay else "model files"
    if wrong:
        text = f"not what they were when they were installed: {', '.join(wrong)}"
        return Finding("fail", name, text, f"rm them, then: {FETCH}")
    return Finding("ok", name, f"{right} are as the catalogue has them")


def _state(models_dir: str, model: Model) -> bool | None:
    """None: it is not here, which is found out by whoever needs it."""
    try:
        return sha256_of(find(models_dir, model.name)) == model.sha256
    except ModelError:
        return None


def models(config: Config, clock: Clock = time.thread_time) -> Iterator[Finding]:
    """Loads them, as the assistant would, and measures them."""
    # onnxruntime alone takes longer to import than all the rest.
    from edgevoice.audio.vad import make_vad
    from edgevoice.audio.wake_word import WakeWords

    wake = replace(config.wake, quiet_gate=False)  # what it costs when somebody speaks
    words = ", ".join(f'"{word.name}"' for word in wake.words) or "none"
    hear: list[Callable[[Samples, int], object]] = []

    def load_words() -> None:
        hear.append(WakeWords(wake.models_dir, wake).hear)

    def load_vad() -> None:
        vad = make_vad(config.vad, wake.models_dir)
        hear.append(lambda frame, _index: vad.probability(frame))

    yield _loaded("wake words", words, load_words)
    yield _loaded("speech detection", config.vad.engine, load_vad)
    if len(hear) == 2:
        yield speed(config, pace(hear, clock))


def _loaded(name: str, told: str, load: Callable[[], object]) -> Finding:
    try:
        load()
    except ModelError as error:
        return Finding("fail", name, str(error), FETCH)
    return Finding("ok", name, told)


@dataclass(frozen=True, slots=True)
class Pace:
    work_s: float
    sound_s: float

    @property
    def factor(self) -> float:
        """Share of one core that it takes to keep up."""
        return self.work_s / self.sound_s if self.sound_s else 0.0


def pace(hear: Sequence[Callable[[Samples, int], object]], clock: Clock) -> Pace:
    """By the processor's time of this thread: what else is running does not count."""
    sound = np.random.default_rng(7).normal(0, SPEECH_RMS, CAPTURE_RATE_HZ).astype(np.int16)
    frame_s = FRAME_SAMPLES / CAPTURE_RATE_HZ
    began, heard, index = clock(), 0, 0
    while heard * frame_s < MOST_SOUND_S:
        first = index % (len(sound) - FRAME_SAMPLES)
        for listen in hear:
            listen(sound[first : first + FRAME_SAMPLES], index)
        index += FRAME_SAMPLES
        heard += 1
        if index == round(WARM_UP_S * CAPTURE_RATE_HZ):
            began, heard = clock(), 0
        elif clock() - began >= WORK_S:
            break
    return Pace(clock() - began, heard * frame_s)


def speed(config: Config, measured: Pace) -> Finding:
    share = measured.factor
    text = f"wake words and speech detection take {share:.0%} of a core"
    if share <= TIGHT:
        return Finding("ok", "speed", f"{text}, {1 / max(share, 0.01):.0f} times as fast as needed")
    if share <= TOO_SLOW:
        return Finding("warn", "speed", f"{text}: little is left", _faster(config))
    return Finding("fail", "speed", f"{text}: words will be missed", _faster(config))


def _faster(config: Config) -> str:
    """What fits a slower processor, the greatest step first."""
    if any(word.engine == "openwakeword" for word in config.wake.words):
        return "set wake.words[0].engine: microwakeword (pip install 'edgevoice[microwakeword]')"
    if config.vad.engine == "silero":
        return "set vad.engine: earshot (pip install 'edgevoice[earshot]')"
    if len(config.wake.words) > 1:
        return "listen for one wake word (wake.words)"
    return "a faster board; or `sudo systemctl disable --now` what else runs here"
