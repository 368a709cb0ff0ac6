"""The voice: deterministic, offline, and understood by the recogniser."""

import re
import socket
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.resample import resample
from edgevoice.errors import ModelError
from edgevoice.relay.engines.local.synthesizer import LONGEST, VOICE, Synthesizer

pytestmark = pytest.mark.models


def test_the_same_words_sound_the_same(synthesizer):
    once, again = synthesizer.speak("It's ten past four."), synthesizer.speak("It's ten past four.")
    assert np.array_equal(once, again)
    assert once.dtype == np.int16
    assert 0.8 < len(once) / 24_000 < 3
    assert np.abs(once).max() > 3000


def test_another_seed_sounds_different(synthesizer):
    other = Synthesizer(seed=8).speak("It's ten past four.")
    assert not np.array_equal(other, synthesizer.speak("It's ten past four."))


def test_what_says_nothing_is_silent(synthesizer):
    assert len(synthesizer.speak("😀 ***")) == 0


def test_no_text_takes_for_ever(synthesizer):
    assert len(synthesizer.speak("word " * 2000)) / 24_000 < LONGEST / 5


def test_it_opens_no_socket(monkeypatch):
    """Where its package would download a voice, this fails."""

    def refuse(*arguments, **named):
        raise AssertionError("the voice wants the network")

    monkeypatch.setattr(socket, "socket", refuse)
    assert len(Synthesizer(seed=1).speak("Xylqua said hello."))


def test_the_voice_comes_from_the_package():
    import hibari.voices

    assert Path(hibari.voices.voice_path(VOICE)).parent == Path(hibari.voices.ASSETS)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("It's 10:45 AM.", r"10:45 am|ten forty.five a ?m"),
        ("That's 3.5.", r"3\.5|three point five"),
        ("Volume 15%.", r"(fifteen|15) ?(percent|%)"),
        ("Today is Sunday, November 22nd.", r"sunday,? november (22nd|twenty.second)"),
        ("Timer set for 10 minutes.", r"timer set for (ten|10) minutes"),
        ("The lamp is on.", r"the lamp is on"),
    ],
)
def test_what_it_says_is_understood(synthesizer, recognizer, text, heard):
    spoken = resample(synthesizer.speak(text), 24_000, 16_000)
    transcript = recognizer.dictation().transcribe(spoken, lambda: False)
    assert re.search(heard, transcript.lower())


def test_a_missing_voice_says_what_to_install(monkeypatch):
    import hibari.voices

    monkeypatch.setattr(hibari.voices, "voice_path", lambda *_, **__: "/nowhere")
    with pytest.raises(ModelError, match="pip install"):
        Synthesizer(seed=1)
