"""`edgevoice self-test`: what has to be true of a version before it may take over.

Everything is tried with the owner's configuration, and nothing that the running
assistant uses is touched: no sound card, no pin, no port, no file of its own.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from edgevoice.config import Config, WakeConfig
from edgevoice.config_file import asked_for
from edgevoice.errors import EdgeVoiceError

RECORDING = "alexa_what_time_is_it.wav"
TURN = "question"
"""The scenario with one question."""
BLOCK_SAMPLES = 320
MARKS = {"device": "sounddevice", "relay": "hibari_tts"}
"""A package that only this part needs tells whether it is installed."""

Check = Callable[[Config], str]
"""Says what was seen. Raises EdgeVoiceError, ImportError or OSError where it is not right."""


def main(args: argparse.Namespace) -> int:
    """0 when everything passed."""
    failed = 0
    config = Config()
    began = time.monotonic()
    try:
        config = asked_for(args).config
    except EdgeVoiceError as error:
        failed += tell("configuration", began, str(error), failed=True)
    else:
        tell("configuration", began, "no mistakes")
    for name, check in checks(args.part or installed(), turn=args.turn):
        failed += passes(name, check, config)
    return 1 if failed else 0


def installed() -> list[str]:
    return [part for part, package in MARKS.items() if importlib.util.find_spec(package)]


def checks(parts: list[str], *, turn: bool) -> Iterator[tuple[str, Check]]:
    if "device" in parts:
        yield "device", device
        yield "wake word", wake_word
        yield "own words", own_words
    if "relay" in parts:
        yield "relay", relay
    if turn:
        yield "a question and its answer", question


def passes(name: str, check: Check, config: Config) -> int:
    """How many failed: 0 or 1. A bug keeps its traceback, and is a failure, too."""
    began = time.monotonic()
    try:
        told = check(config)
    except (EdgeVoiceError, ImportError, OSError) as error:
        return tell(name, began, str(error) or type(error).__name__, failed=True)
    return tell(name, began, told)


def tell(name: str, began: float, told: str, *, failed: bool = False) -> int:
    mark = "FAILED" if failed else "ok"
    for line in told.splitlines():
        print(f"{mark:7}{name}: {line} ({time.monotonic() - began:.1f} s)", flush=True)
    return int(failed)


def device(config: Config) -> str:
    """All that the device program is made of can be loaded."""
    from edgevoice.audio.vad import make_vad
    from edgevoice.daemon.app import Device

    make_vad(config.vad, config.wake.models_dir)
    return f"{Device.__name__.lower()} program and speech detection load"


def wake_word(config: Config) -> str:
    """The wake word that ships hears the recording that ships."""
    from edgevoice.audio.wake_word import WakeWords
    from edgevoice.audio.wav import read_wav
    from edgevoice.errors import ModelError
    from edgevoice.simulator.scenario import SPEECH

    wake = WakeConfig(models_dir=config.wake.models_dir)
    words = WakeWords(wake.models_dir, wake)
    samples = read_wav(SPEECH / RECORDING)
    for first in range(0, len(samples) - BLOCK_SAMPLES, BLOCK_SAMPLES):
        for heard in words.hear(samples[first : first + BLOCK_SAMPLES], first):
            return f'"{heard.name}" is heard in a recording, score {heard.score:.2f}'
    raise ModelError(
        f'"{wake.words[0].name}" is not heard in {RECORDING}, in which it is said; '
        "fetch the models anew: edgevoice models install"
    )


def own_words(config: Config) -> str:
    """Those of the configuration can be listened for."""
    from edgevoice.audio.wake_word import WakeWords

    WakeWords(config.wake.models_dir, config.wake)
    return ", ".join(word.name for word in config.wake.words) or "none"


def relay(_: Config) -> str:
    """All that the relay program is made of can be loaded."""
    from edgevoice.relay import app

    return f"{app.__name__} loads"


def question(_: Config) -> str:
    """One whole turn in a simulated room, with a relay of its own and nobody's settings."""
    from edgevoice.errors import ScenarioError
    from edgevoice.simulator import app

    said = StringIO()
    with TemporaryDirectory(prefix="edgevoice-") as folder, redirect_stdout(said):
        out = str(Path(folder))
        played = argparse.Namespace(scenario=TURN, out=out, quiet=True, config=None, set=None)
        status = app.main(played)
    if status:
        failures = [line for line in said.getvalue().splitlines() if line.startswith("FAILED")]
        raise ScenarioError(
            "; ".join(failures) or "the simulated turn failed; `edgevoice doctor` looks why"
        )
    answer = next(line for line in said.getvalue().splitlines() if line.startswith("said:"))
    return answer.removeprefix("said:").partition("  (")[0].strip()
