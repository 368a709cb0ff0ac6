"""Why its name is not listened for, seen from the owner's side: light, status, log and `why`."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from edgevoice.config import Config, TurnConfig, WakeConfig
from edgevoice.daemon.board import load_what_can_be
from edgevoice.daemon.program import Prepared
from edgevoice.errors import ModelError
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import ButtonPressed, LinkOpened, WakeDetected
from edgevoice.transceiver.states import State
from tests.daemon.household import Household, living, prepared
from tests.daemon.test_app import House, running, silent_relay
from tests.fault_report import Measured
from tests.recordings import speech
from tests.virtual_time import elapse

pytestmark = [pytest.mark.models, pytest.mark.slow]


class Television(House):
    """It stands in the room, and all it says is the name."""

    times_woken = 0

    async def says_the_name(self) -> None:
        self.room.microphone.say(speech("alexa_107"))
        await elapse(1.5)
        if self.device.runner.transceiver.state is State.CONNECTING:
            self.times_woken += 1
            self.device.runner.post(LinkOpened("a relay", extensions=True))
        await elapse(2.0)

    async def is_called_in_vain(self) -> None:
        runner = self.device.runner
        runner.post(WakeDetected("alexa", 0.9, 0, 1, 2))
        runner.post(LinkOpened("a relay", extensions=True))
        await elapse(2.0)

    @property
    def shown(self) -> Indication:
        return self.device._light.shown


@pytest.mark.fault("wake-storm")
async def test_a_storm_is_snoozed_and_shown_and_a_hand_ends_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, measured: Measured
) -> None:
    caplog.set_level(logging.WARNING)
    async with silent_relay() as url:
        house = Television(tmp_path, url, turn=TurnConfig(no_speech_s=1.0))
        async with running(house):
            await elapse(0.5)
            for _ in range(7):
                await house.says_the_name()
            assert house.times_woken == 6
            assert len(house.left) == 6
            assert house.device.runner.transceiver.state is State.IDLE
            assert house.shown is Indication.OFFLINE
            assert "woken 6 times, and nobody spoke" in caplog.text
            why = house.device.command("why")
            assert "was heard" in why["non-wake"]["sentence"]
            assert "(wake.snooze_minutes)" in why["non-wake"]["sentence"]
            assert "nobody spoke: it is ignored for 5 min more" in why["deaf"]
            assert house.device.command("status")["deaf"] == why["deaf"]
            house.device.runner.post(ButtonPressed(0))
            await elapse(0.1)
            assert house.device.runner.transceiver.state is State.CONNECTING
            house.device.command("stop")
            await elapse(0.1)
            assert house.shown is Indication.IDLE
            await house.says_the_name()
            assert house.times_woken == 7
            measured(
                "snoozed for 5 min after 6 calls in vain, the next wakes nobody; a press ends it"
            )


async def test_a_snooze_ends_by_itself(tmp_path: Path) -> None:
    async with silent_relay() as url:
        wake = WakeConfig(snooze_minutes=0.5)
        house = Television(tmp_path, url, turn=TurnConfig(no_speech_s=1.0), wake=wake)
        async with running(house):
            await elapse(0.5)
            for _ in range(6):
                assert house.shown is Indication.IDLE
                await house.is_called_in_vain()
            assert house.shown is Indication.OFFLINE
            await elapse(30)
            assert house.shown is Indication.IDLE
            assert house.device.command("status")["deaf"] is None


def lacking_its_words(config: Config) -> Prepared:
    """What is left where the models' folder is empty."""
    nowhere = replace(config, wake=replace(config.wake, models_dir="/nowhere"))
    models = load_what_can_be(replace(nowhere, vad=replace(config.vad, engine="webrtc")))
    called = prepared(replace(config, wake=WakeConfig())).called
    return Prepared(config, called, models)


async def test_a_reload_that_would_hear_less_is_refused(tmp_path: Path) -> None:
    house = Household(tmp_path)

    def broken(config: Config) -> Prepared:
        raise ModelError("model alexa_v0.1.onnx cannot be loaded")

    house.prepared, house.program._prepare_anyway = broken, lacking_its_words
    async with living(house):
        old, (alexa,) = house.device, house.config.wake.words
        more = (alexa, replace(alexa, name="jarvis"))
        house.write(wake=replace(house.config.wake, words=more))
        refused = (await house.reload())["refused"]
        assert '"jarvis" is not heard' in refused and '"alexa"' not in refused
        assert house.device is old


@pytest.mark.fault("corrupt-model")
async def test_without_its_models_it_is_woken_by_hand_and_a_reload_takes_up_what_is_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = Household(tmp_path)

    def broken(config: Config) -> Prepared:
        raise ModelError("model alexa_v0.1.onnx cannot be loaded")

    house.prepared, house.program._prepare_anyway = broken, lacking_its_words
    async with living(house):
        (told,) = [r for r in caplog.records if r.levelno == logging.ERROR]
        assert 'it goes on without: the wake word "alexa" is not heard' in told.message
        assert house.device._light.shown is Indication.OFFLINE
        assert house.systemd.status_line.startswith('deaf: the wake word "alexa" is not heard')
        assert '"alexa" is not heard' in house.tell("why")["deaf"]
        assert '"alexa" is not heard' in house.tell("status")["deaf"]
        house.tell("wake")
        await asyncio.sleep(0)
        await elapse(0.1)
        assert house.device.runner.transceiver.state is not State.IDLE
        house.tell("stop")
        await elapse(0.1)
        assert "cannot be loaded" in (await house.reload())["refused"]
        house.write(turn=TurnConfig(follow_up_s=9.0))
        assert (await house.reload())["said"].startswith("reloaded: turn.follow_up_s")
        assert '"alexa" is not heard' in house.tell("status")["deaf"]
        house.prepared = prepared
        assert not (await house.reload())["refused"]
        assert house.tell("status")["deaf"] is None
        assert house.device._light.shown is Indication.IDLE
