"""Which ear hears, and who stands in for it."""

from dataclasses import replace
from typing import get_args, get_type_hints

import numpy as np
import pytest

from edgevoice.config import LocalEngineConfig, SttConfig
from edgevoice.errors import EngineError, ModelError
from edgevoice.relay.engines.engine import Guesser, Listener, Samples, Utterance
from edgevoice.relay.engines.local.outage import REST_S
from edgevoice.relay.engines.local.stt.choice import EARS, make_ear
from edgevoice.relay.engines.local.stt.ear import Deaf
from edgevoice.relay.engines.local.stt.fallback import FallbackEar
from edgevoice.relay.engines.local.stt.remote import RemoteEar
from tests.virtual_time import elapse

SAID = Utterance("i", np.ones(1000, np.int16))


class Ear:
    """Hears these words, or fails; counts what it was asked."""

    def __init__(self, words: str | EngineError) -> None:
        self.words = words
        self.asked = 0
        self.abandoned = 0
        self.is_open = False

    async def open(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False

    def listen(self, wake_name, on_partial) -> Listener:
        return self

    def hear(self, samples: Samples) -> None:
        pass

    def pause(self) -> None:
        pass

    async def finish(self, utterance: Utterance) -> str:
        assert utterance is SAID
        self.asked += 1
        if isinstance(self.words, EngineError):
            raise self.words
        return self.words

    def abandon(self) -> None:
        self.abandoned += 1


async def hear(ear) -> str:
    listener = ear.listen(None, lambda words: None)
    listener.hear(SAID.samples)
    listener.pause()
    return await listener.finish(SAID)


def test_every_backend_has_an_ear():
    assert set(EARS) == set(get_args(get_type_hints(SttConfig)["backend"]))


def test_a_fallback_is_made_where_one_is_wanted():
    config = LocalEngineConfig(stt=SttConfig(backend="openai", url="http://127.0.0.1:1"))
    assert isinstance(make_ear(config, ""), RemoteEar)
    wants = replace(config, stt=replace(config.stt, fallback=True))
    assert isinstance(make_ear(wants, ""), FallbackEar)


async def test_the_deaf_hear_nothing():
    ear = make_ear(LocalEngineConfig(stt=SttConfig(backend="none")), "")
    assert isinstance(ear, Deaf)
    await ear.open()
    assert await hear(ear) == ""
    await ear.close()


@pytest.mark.models
async def test_faster_whisper_says_what_is_missing(tmp_path, models_dir):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "model.bin").write_bytes(b"")
    stt = SttConfig(backend="faster-whisper", model=str(tmp_path / "tiny"))
    ear = make_ear(LocalEngineConfig(stt=stt), models_dir)
    with pytest.raises(ModelError, match=r"cannot hear: .*(pip install faster-whisper|no model)"):
        await ear.open()
    await ear.close()


async def test_the_second_hears_what_the_first_fails_to(caplog):
    first, second = Ear(EngineError("the server is away")), Ear("Turn on the lamp.")
    ear = FallbackEar(first, second)
    await ear.open()
    assert first.is_open and second.is_open
    assert await hear(ear) == "Turn on the lamp."
    assert await hear(ear) == "Turn on the lamp."
    assert (first.asked, second.asked) == (1, 2), "who is away is not asked each time"
    assert caplog.text.count("the server is away") == 1
    await elapse(REST_S + 1)
    assert await hear(ear) == "Turn on the lamp."
    assert first.asked == 2
    assert caplog.text.count("the server is away") == 1, "and is told once"
    first.words = "Turn off the lamp."
    await elapse(REST_S + 1)
    assert await hear(ear) == "Turn off the lamp."
    await ear.close()


async def test_abandoning_abandons_whoever_listens():
    first = Ear("")
    FallbackEar(first, Ear("")).listen(None, lambda words: None).abandon()
    assert first.abandoned == 1


async def test_what_it_has_understood_is_known_where_the_first_ear_knows_it():
    config = LocalEngineConfig(stt=SttConfig(backend="openai", url="http://127.0.0.1:1"))
    remote = make_ear(config, "").listen(None, lambda words: None)
    assert isinstance(remote, Guesser)
    listener = FallbackEar(Ear("one"), Ear("another")).listen(None, lambda words: None)
    assert isinstance(listener, Guesser)
    assert await listener.guess() == ""
