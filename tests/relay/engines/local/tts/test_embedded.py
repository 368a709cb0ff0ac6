"""The voice on this machine, without the silence that it makes around each sentence."""

import threading

import numpy as np
import pytest

from edgevoice.relay.engines.local.tts.embedded import (
    AFTER_CLAUSE,
    AFTER_SENTENCE,
    BEFORE,
    EmbeddedMouth,
    trimmed,
)


class Voice:
    """A tone with as much silence around it as hibari makes; remembers its thread."""

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def speak(self, sentence: str) -> np.ndarray:
        self.threads.add(threading.get_ident())
        tone = np.full(5_000 if sentence.strip() else 0, 3_000, np.int16)
        return np.concatenate((np.zeros(6_000, np.int16), tone, np.zeros(12_000, np.int16)))


@pytest.mark.parametrize(
    ("sentence", "after"), [("It is. ", AFTER_SENTENCE), ("It is, ", AFTER_CLAUSE)]
)
async def test_it_begins_at_once_and_breathes_afterwards(sentence, after):
    voice = Voice()
    mouth = EmbeddedMouth(lambda: voice)
    await mouth.open()
    [sound] = [samples async for samples in mouth.speak(sentence)]
    assert len(sound) == BEFORE + 5_000 + after
    assert threading.get_ident() not in voice.threads
    assert [samples async for samples in mouth.speak(" ")] == []
    await mouth.close()


def test_soft_beginnings_are_kept():
    sound = np.concatenate((np.zeros(9_000), np.full(100, 40), np.full(900, 9_000)))
    assert len(trimmed(sound.astype(np.int16), 0)) == BEFORE + 1_000


def test_the_loudest_negative_sample_is_loud():
    assert len(trimmed(np.array([0, -32768, 0], np.int16), 0)) == 2
