"""What is said in the room, and where in it words begin and end."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hearing.rooms import Recordings, at_one_loudness, spoken_frames

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.resample import resample
from edgevoice.audio.wav import read_wav
from peers.environments import ROOT

PLACES = (ROOT / "tests/speech", ROOT / "edgevoice/simulator/speech")
WORD_ENDS_S = {
    "alexa_what_time_is_it": 0.66,
    "alexa_what_are_the_news_headlines": 0.73,
    "alexa_harumph": 0.80,
    "alexa_go_to_dark_forest": 0.56,
}
"""Where the wake word ends, read off the loudness of each 20 ms: the dip behind it."""

ANSWER = "turn_on_the_lamp"
LONG_ANSWER_S = 6.0
ALIKE = 0.25
"""Normalised correlation from which a sound counts as found."""


@dataclass(frozen=True)
class Said:
    """A wake word and a command in one breath."""

    name: str
    sound: Samples
    word_end: int
    speech_end: int


def one_breath() -> list[Said]:
    return [_said(name, round(end * CAPTURE_RATE_HZ)) for name, end in WORD_ENDS_S.items()]


def _said(name: str, word_end: int) -> Said:
    sound = loud_as_speech(read_wav(_find(name)))
    last = int(np.flatnonzero(spoken_frames(sound))[-1])
    return Said(name, sound, word_end, (last + 1) * FRAME_SAMPLES)


def recording(name: str) -> Samples:
    """From its first to its last speech."""
    sound = loud_as_speech(read_wav(_find(name)))
    spoken = np.flatnonzero(spoken_frames(sound))
    return sound[spoken[0] * FRAME_SAMPLES : (spoken[-1] + 1) * FRAME_SAMPLES]


def _find(name: str) -> Path:
    return next(p / f"{name}.wav" for p in PLACES if (p / f"{name}.wav").is_file())


def loud_as_speech(sound: Samples) -> Samples:
    return at_one_loudness(sound).clip(-32768, 32767).astype(np.int16)


def hum(seconds: float) -> Samples:
    """A voice without a pause: whether it is still played can be told at any moment."""
    t = np.arange(round(CAPTURE_RATE_HZ * seconds)) / CAPTURE_RATE_HZ
    pitch = 2 * np.pi * np.cumsum(140 + 25 * np.sin(2 * np.pi * 3 * t)) / CAPTURE_RATE_HZ
    buzz = sum(np.sin(k * pitch) / k for k in range(1, 12))
    return np.asarray(2000 * buzz, np.int16)


def television(files: Recordings, seconds: float) -> Samples:
    """People who talk on and on, none of whom says a wake word."""
    parts: list[Samples] = []
    wanted = round(seconds * CAPTURE_RATE_HZ)
    while sum(map(len, parts)) < wanted:
        for path in files.all_speech:
            parts += [loud_as_speech(read_wav(path)), np.zeros(CAPTURE_RATE_HZ // 5, np.int16)]
            if sum(map(len, parts)) >= wanted:
                break
    return np.concatenate(parts)[:wanted]


def write_answers(folder: Path, sound: Samples, rate_hz: int) -> None:
    """Where the server of this folder looks for its answer."""
    given = resample(sound, CAPTURE_RATE_HZ, rate_hz) if rate_hz != CAPTURE_RATE_HZ else sound
    (folder / "answer.pcm").write_bytes(given.astype("<i2").tobytes())


def place(sound: Samples, piece: Samples) -> int | None:
    """Where `piece` begins in `sound`, before its beginning perhaps; None: it is not there."""
    if not len(sound) or not len(piece):
        return None
    size = 1 << (len(sound) + len(piece)).bit_length()
    spectrum = np.fft.rfft(sound.astype(np.float64), size)
    match = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece.astype(np.float64), size)), size)
    best = int(match.argmax())
    at = best if best < len(sound) else best - size
    part = sound[max(0, at) : at + len(piece)].astype(np.float64)
    if not len(part):
        return None
    same = piece[max(0, -at) : max(0, -at) + len(part)].astype(np.float64)
    alike = float(part @ same) / (np.linalg.norm(part) * np.linalg.norm(same) + 1e-9)
    return at if alike >= ALIKE else None


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * CAPTURE_RATE_HZ), np.int16)


def lost_speech_s(said: Said, first_heard: int, holes: int = 0) -> float:
    """Of the command: frames of 20 ms with speech in them before what the server got first."""
    spoken = spoken_frames(said.sound)
    frames: Sequence[int] = range(
        said.word_end // FRAME_SAMPLES, min(first_heard, said.speech_end) // FRAME_SAMPLES
    )
    return (sum(bool(spoken[n]) for n in frames) * FRAME_SAMPLES + holes) / CAPTURE_RATE_HZ
