"""Somebody is asked to say a word, and says it, or not."""

import asyncio

import numpy as np
import pytest

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.doctor.recording import LEAD_IN_S, SAY_S, Tape, Wanted, ask
from edgevoice.errors import MicrophoneError
from tests.recordings import quiet, speech
from tests.virtual_time import elapse


async def play(tape: Tape, *sounds: Samples) -> None:
    """As a microphone would, in virtual time."""
    sound = np.concatenate(sounds)
    for first in range(0, len(sound), FRAME_SAMPLES):
        await elapse(FRAME_SAMPLES / CAPTURE_RATE_HZ)
        tape.hear(sound[first : first + FRAME_SAMPLES])


def spoken(name: str) -> Samples:
    """What is heard after a cue."""
    return np.concatenate((quiet(0.5), speech(name), quiet(SAY_S)))[
        : round(SAY_S * CAPTURE_RATE_HZ)
    ]


async def asked(wanted: Wanted, *sounds: Samples) -> tuple[list[Samples], list[str], list[str]]:
    """The noise, the names of what was said, and what the user was told."""
    tape, told = Tape(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(play(tape, *sounds))
        recorded = await ask(tape, wanted, told.append)
    lengths = {len(sound) for sound in recorded.utterances.values()}
    assert lengths <= {round((LEAD_IN_S + SAY_S) * CAPTURE_RATE_HZ)}
    return recorded.noise, list(recorded.utterances), told


async def test_room_then_words() -> None:
    noise, said, told = await asked(
        Wanted("alexa", 2.0, 2),
        quiet(2.0), quiet(LEAD_IN_S), spoken("alexa_34"), quiet(LEAD_IN_S), spoken("alexa_107"),
    )  # fmt: skip
    assert [len(sound) for sound in noise] == [2 * CAPTURE_RATE_HZ]
    assert said == ["utterance-01", "utterance-02"]
    assert [line.rstrip("\a") for line in told[1:]] == [
        'say "alexa" (1 of 2)',
        'say "alexa" (2 of 2)',
    ]


async def test_whoever_says_nothing_is_asked_again() -> None:
    _, said, told = await asked(
        Wanted("alexa", 0.0, 1),
        quiet(LEAD_IN_S + SAY_S), quiet(LEAD_IN_S), spoken("alexa_34"),
    )  # fmt: skip
    assert said == ["utterance-01"]
    assert "nothing was heard; once more" in told


async def test_nobody_there_is_an_error_with_a_hint() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await asked(Wanted("alexa", 0.0, 1), quiet(3 * (LEAD_IN_S + SAY_S)))
    assert caught.group_contains(MicrophoneError, match="edgevoice listen")


async def test_a_microphone_that_is_lost_or_stands_still_ends_it() -> None:
    tape = Tape()
    with pytest.raises(MicrophoneError, match="delivers no sound"):
        await tape.next(1.0)
    tape.lost("the cable was pulled")
    with pytest.raises(MicrophoneError, match="cable"):
        await tape.next(1.0)


async def test_nothing_is_skipped_between_two_pieces() -> None:
    tape = Tape()
    ramp = np.arange(16_000).astype(np.int16)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(play(tape, ramp))
        first, second = await tape.next(0.333), await tape.next(0.4)
    assert np.array_equal(np.concatenate((first, second)), ramp[: len(first) + len(second)])
