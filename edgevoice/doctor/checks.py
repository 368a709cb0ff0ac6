"""Checks that play and send nothing: configuration, models, sound cards, the running assistant."""

from collections.abc import Callable, Iterator
from typing import Any

from edgevoice.config import Config
from edgevoice.config_file import Effective
from edgevoice.daemon import control_client
from edgevoice.doctor.finding import Finding
from edgevoice.errors import AudioError, ConfigError, ControlError, ModelError
from edgevoice.hardware.portaudio import PORTAUDIO, Direction, SoundSystem
from edgevoice.hardware.sound_names import find

STOP = "sudo systemctl stop edgevoice"
START = "sudo systemctl start edgevoice"

Ask = Callable[[str, str], dict[str, Any]]
"""Socket and command; ControlError where nobody answers."""


def configuration(read: Callable[[], Effective]) -> tuple[Effective | None, list[Finding]]:
    try:
        effective = read()
    except ConfigError as mistakes:
        return None, [
            Finding("fail", "configuration", line, "correct it and run this again")
            for line in str(mistakes).splitlines()
        ]
    files = sorted({place.source for place in effective.places.values() if place.line})
    told = "no mistakes in " + (", ".join(files) or "the defaults: no file sets anything")
    return effective, [Finding("ok", "configuration", told)]


def models(config: Config) -> Iterator[Finding]:
    """Loads them, as the assistant would."""
    # onnxruntime alone takes longer to import than all the rest.
    from edgevoice.audio.vad import make_vad
    from edgevoice.audio.wake_word import WakeWords

    wake = config.wake
    words = ", ".join(f'"{word.name}"' for word in wake.words) or "none"
    yield _loaded("wake words", words, lambda: WakeWords(wake.models_dir, wake))
    yield _loaded(
        "speech detection", config.vad.engine, lambda: make_vad(config.vad, wake.models_dir)
    )


def _loaded(name: str, told: str, load: Callable[[], object]) -> Finding:
    try:
        load()
    except ModelError as error:
        return Finding("fail", name, str(error), "`scripts/setup` fetches what is missing")
    return Finding("ok", name, told)


def sound_cards(config: Config, sound: SoundSystem = PORTAUDIO) -> Iterator[Finding]:
    """Whether the configured ones are there; nothing is opened."""
    microphone, speaker = config.microphone, config.speaker
    yield _card("microphone", microphone.backend, microphone.device, "in", sound)
    yield _card("speaker", speaker.backend, speaker.device, "out", sound)


def _card(
    name: str, backend: str, device: str, direction: Direction, sound: SoundSystem
) -> Finding:
    if backend != "portaudio":
        what = f"{backend} {device}" if backend == "wav" else backend
        return Finding("ok", name, f"{what}, no sound card")
    try:
        found = find(sound.devices(), device, direction)
    except AudioError as error:
        return Finding("fail", name, str(error), f"correct {name}.device, or plug it in")
    return Finding("ok", name, found.node or found.device.name)


def running(config: Config, ask: Ask = control_client.request) -> Finding:
    """How the assistant is, if it runs."""
    try:
        status = ask(config.control.socket, "status")
    except ControlError as error:
        return Finding("warn", "assistant", str(error))
    told = f"edgevoice {status.get('version')} runs, {status.get('state')}"
    if status.get("microphone") == "lost":
        return Finding("fail", "assistant", f"{told}, without a microphone", "plug it in again")
    if status.get("muted"):
        return Finding("warn", "assistant", f"{told}, muted", "edgevoice unmute")
    return Finding("ok", "assistant", told)


def is_free(config: Config, ask: Ask = control_client.request) -> Finding | None:
    """None, or why nothing can be measured now."""
    try:
        ask(config.control.socket, "status")
    except ControlError as error:
        if not isinstance(error.__cause__, PermissionError):
            return None
    return Finding(
        "fail",
        "sound card",
        "the running assistant holds it, and would hear what is played",
        f"stop it for so long: {STOP}; afterwards: {START}",
    )
