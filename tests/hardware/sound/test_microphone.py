"""The microphone on fake sound cards: losing, finding, muting, and a loop that is late."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.config import MicrophoneConfig
from edgevoice.errors import MicrophoneError
from edgevoice.hardware.sound.duplex import Duplex
from edgevoice.hardware.sound.microphone import MICROPHONES, PortAudioMicrophone, make_microphone
from tests.fault_report import Measured
from tests.hardware.fake_portaudio import Card, FakeServer, FakeSound
from tests.virtual_time import elapse


class Ear:
    """A microphone and what it told."""

    def __init__(
        self, sound: FakeSound, device: str = "default", *names: str, **settings: Any
    ) -> None:
        self.blocks: list[Samples] = []
        self.told: list[str] = []
        self.server = FakeServer(*names)
        self.microphone = PortAudioMicrophone(
            MicrophoneConfig(device=device, **settings),
            self.blocks.append,
            lambda reason: self.told.append(f"lost: {reason}"),
            lambda: self.told.append("found"),
            Duplex(sound, pause=sound.pause),
            self.server,
        )


@asynccontextmanager
async def listening(ear: Ear) -> AsyncIterator[PortAudioMicrophone]:
    """Open and watched, as the daemon does it."""
    async with ear.microphone as microphone:
        watching = asyncio.ensure_future(microphone.watch())
        yield microphone
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_fifty_frames_a_second_of_two_periods_each_in_order() -> None:
    sound = FakeSound(Card("USB", default=True))
    ear = Ear(sound)
    async with listening(ear) as microphone:
        await elapse(1.005)
        assert [stream.frames for stream in sound.open_streams] == [160]
        assert len(ear.blocks) == microphone.blocks == 50
        assert [block[0] for block in ear.blocks] == list(range(1, 101, 2))
        assert [block[-1] for block in ear.blocks] == list(range(2, 101, 2))
        assert all(len(block) == FRAME_SAMPLES for block in ear.blocks)
    assert ear.told == []


async def test_a_device_is_found_by_a_part_of_its_name() -> None:
    sound = FakeSound(Card("HDMI", default=True), Card("ReSpeaker 4 Mic (hw:2,0)"))
    async with listening(Ear(sound, "respeaker")):
        await elapse(1)
        assert [stream.card.device.name for stream in sound.open_streams] == [
            "ReSpeaker 4 Mic (hw:2,0)"
        ]


async def test_a_missing_device_is_an_error_that_lists_what_there_is() -> None:
    ear = Ear(FakeSound(Card("HDMI", default=True), Card("Codec")), "ReSpeaker")
    with pytest.raises(MicrophoneError, match=r'microphone "ReSpeaker" not found.*HDMI, Codec'):
        await ear.microphone.open()
    await ear.microphone.close()


@pytest.mark.fault("microphone-unplugged")
async def test_a_missing_device_does_not_stop_the_daemon() -> None:
    sound = FakeSound()
    ear = Ear(sound)
    async with listening(ear):
        await elapse(60)
        assert len(ear.told) == 1
        assert "there is none at all" in ear.told[0]
        sound.cards.append(Card("USB", default=True))
        await elapse(5)
        assert ear.told[1:] == ["found"]
        assert ear.blocks


@pytest.mark.fault("microphone-unplugged")
async def test_silence_of_the_device_is_noticed_within_a_second() -> None:
    card = Card("USB", default=True)
    ear = Ear(FakeSound(card))
    async with listening(ear) as microphone:
        await elapse(5)
        card.plugged = False
        await elapse(0.7)
        assert ear.told == []
        await elapse(0.3)
        assert "no sound has passed for 0." in ear.told[0]
        assert microphone.block_age_s(asyncio.get_running_loop().time()) >= 0.75


async def test_a_card_that_stops_right_after_it_was_opened_is_noticed_as_fast() -> None:
    """Only a sound server may take its time to begin."""
    card = Card("USB (hw:1,0)", default=True)
    ear = Ear(FakeSound(card))
    async with listening(ear):
        await elapse(0.3)
        card.gives_blocks = False
        await elapse(1)
        assert len(ear.told) == 1


@pytest.mark.fault("microphone-unplugged")
async def test_it_comes_back_by_itself() -> None:
    card = Card("USB", default=True)
    sound = FakeSound(card)
    ear = Ear(sound)
    async with listening(ear) as microphone:
        await elapse(5)
        card.plugged = False
        await elapse(60)
        openings = sound.openings
        assert len(ear.told) == 1  # once, however long it takes
        card.plugged = True
        await elapse(5)
        assert ear.told[1:] == ["found"]
        assert microphone.block_age_s(asyncio.get_running_loop().time()) < 0.05
        assert openings < 40  # it backs off


@pytest.mark.fault("card-taken")
async def test_a_card_that_another_program_holds_is_taken_when_it_is_free(
    measured: Measured,
) -> None:
    card = Card("USB", default=True)
    card.is_taken = True
    ear = Ear(FakeSound(card))
    async with listening(ear):
        await elapse(60)
        assert len(ear.told) == 1 and "cannot be opened" in ear.told[0]
        card.is_taken, freed_s = False, 0.0
        while len(ear.told) == 1 and freed_s < 10:
            await elapse(0.1)
            freed_s += 0.1
        assert ear.told[1:] == ["found"] and freed_s < 5
        measured(f"heard {freed_s:.1f} s after the other program let go")


async def test_a_stalled_device_is_lost_and_found() -> None:
    """Still there, opens fine, delivers nothing: what a virtual source without a writer does."""
    card = Card("pipe", default=True)
    ear = Ear(FakeSound(card))
    async with listening(ear):
        await elapse(1)
        card.gives_blocks = False
        await elapse(30)
        card.gives_blocks = True
        await elapse(10)
        assert [line.split(":")[0] for line in ear.told] == ["lost", "found"]


async def test_a_slow_first_block_is_no_loss() -> None:
    card = Card("pulse", default=True)
    card.gives_blocks = False
    ear = Ear(FakeSound(card))
    async with listening(ear):
        await elapse(2)
        card.gives_blocks = True
        await elapse(2)
        assert ear.told == []


async def test_closed_on_purpose_it_is_neither_lost_nor_reopened() -> None:
    """Mute gives the device back, and not one block comes through afterwards."""
    sound = FakeSound(Card("USB", default=True))
    ear = Ear(sound)
    async with listening(ear) as microphone:
        await elapse(1)
        await microphone.close()
        count = len(ear.blocks)
        await elapse(60)
        assert not sound.open_streams
        assert len(ear.blocks) == count
        assert ear.told == []
        assert microphone.block_age_s(asyncio.get_running_loop().time()) == 0
        await microphone.open()
        await elapse(1)
        assert len(ear.blocks) > count


async def test_muting_while_it_is_lost_ends_the_search() -> None:
    card = Card("USB", default=True)
    sound = FakeSound(card)
    ear = Ear(sound)
    async with listening(ear) as microphone:
        await elapse(5)
        card.plugged = False
        await elapse(1.4)  # noticed, and waiting for the first attempt to reopen
        assert len(ear.told) == 1
        await microphone.close()
        openings = sound.openings
        card.plugged = True
        await elapse(60)
        assert not sound.open_streams
        assert sound.openings == openings
        assert "found" not in ear.told


async def test_a_block_on_its_way_when_the_microphone_closes_is_not_delivered() -> None:
    ear = Ear(FakeSound(Card("USB", default=True)))
    await ear.microphone.open()
    ear.microphone._hop(ear.microphone._opening, np.ones(FRAME_SAMPLES, np.int16))
    await ear.microphone.close()
    await elapse(1)
    assert ear.blocks == []


@pytest.mark.fault("card-without-clock")
async def test_a_loop_two_seconds_behind_drops_and_counts() -> None:
    ear = Ear(FakeSound(Card("USB", default=True)))
    async with ear.microphone as microphone:
        for number in range(130):  # the card goes on while the loop does not run
            microphone._hop(microphone._opening, np.full(FRAME_SAMPLES, number + 1, np.int16))
        await elapse(0.001)
        assert microphone.dropped == 30
        assert [block[0] for block in ear.blocks] == list(range(1, 101))
        await elapse(1)
        assert microphone.dropped == 30


@pytest.mark.fault("silent-zeros")
async def test_a_second_of_exact_zeros_is_a_loss_and_the_first_other_sample_the_end_of_it() -> None:
    card = Card("USB", default=True)
    sound = FakeSound(card)
    ear = Ear(sound)
    async with listening(ear):
        await elapse(5)
        card.gives_zeros = True
        await elapse(0.95)
        assert ear.told == []
        await elapse(0.1)
        assert "nothing but zeros: muted by its own switch" in ear.told[0]
        heard = len(ear.blocks)
        await elapse(1)
        assert len(ear.blocks) == heard + 50  # it stays open, and the samples go on counting
        assert sound.openings == 1
        card.gives_zeros = False
        await elapse(0.025)
        assert ear.told[1:] == ["found"]


async def test_it_is_found_before_the_first_frame_is_handed_over() -> None:
    """Whoever is told that it was found forgets what came before."""
    card = Card("USB", default=True)
    ear = Ear(FakeSound(card))
    order: list[str] = []
    ear.microphone._on_block = lambda block: order.append("sound" if block.any() else "zeros")
    ear.microphone._stream._on_found = lambda: order.append("found")
    async with listening(ear):
        card.gives_zeros = True
        await elapse(1.5)
        card.gives_zeros = False
        await elapse(0.1)
        assert order[order.index("found") + 1] == "sound"
        assert "sound" not in order[: order.index("found")]


async def test_lasting_zeros_open_the_stream_anew_every_few_seconds() -> None:
    card = Card("USB", default=True)
    sound = FakeSound(card)
    ear = Ear(sound)
    async with listening(ear):
        card.gives_zeros = True
        await elapse(5)
        assert sound.openings == 2
        await elapse(10)
        assert 4 <= sound.openings <= 5
        assert len(ear.told) == 1  # opened and silent is not found


@pytest.mark.fault("silent-zeros")
async def test_a_device_that_comes_back_silent_is_not_found() -> None:
    card = Card("USB", default=True)
    ear = Ear(FakeSound(card))
    async with listening(ear):
        await elapse(5)
        card.plugged, card.gives_zeros = False, True
        await elapse(5)
        card.plugged = True
        await elapse(5)
        assert len(ear.told) == 1
        card.gives_zeros = False
        await elapse(1)
        assert ear.told[1:] == ["found"]


async def test_zeros_are_fine_where_the_owner_says_so() -> None:
    card = Card("gated", default=True)
    card.gives_zeros = True
    ear = Ear(FakeSound(card), zeros_lost_s=0.0)
    async with listening(ear):
        await elapse(20)
        assert ear.told == []
        card.plugged = False
        await elapse(5)
        card.plugged = True
        await elapse(5)
        assert ear.told[1:] == ["found"]


async def test_a_channel_of_a_card_with_several() -> None:
    sound = FakeSound(Card("array", default=True, inputs=6))
    ear = Ear(sound, channel=3)
    async with listening(ear):
        await elapse(0.1)
        assert [stream.source.channels for stream in sound.open_streams if stream.source] == [3]
        assert [block[0] for block in ear.blocks[:2]] == [20_001, 20_003]


async def test_a_card_that_refuses_mono_is_opened_with_two_channels() -> None:
    ear = Ear(FakeSound(Card("HAT", default=True, inputs=2, refuses_channels=[1])))
    async with listening(ear):
        await elapse(0.1)
        assert [block[0] for block in ear.blocks[:2]] == [1, 3]


async def test_a_channel_the_card_does_not_have_is_an_error_that_names_their_number() -> None:
    ear = Ear(FakeSound(Card("USB", default=True, inputs=2)), channel=4)
    with pytest.raises(MicrophoneError, match=r"has 2 channels.*set it to a number from 1 to 2"):
        await ear.microphone.open()
    await ear.microphone.close()


@pytest.mark.fault("other-rate")
@pytest.mark.parametrize("card_hz", [44_100, 48_000])
async def test_a_card_with_another_rate_gives_sixteen_thousand_samples_a_second(
    card_hz: int,
) -> None:
    sound = FakeSound(Card("USB", default=True, rates_hz=[card_hz]))
    ear = Ear(sound)
    async with listening(ear):
        await elapse(60)
        assert [stream.rate_hz for stream in sound.open_streams] == [card_hz]
        assert len(ear.blocks) == pytest.approx(3000, abs=4)  # the resampler holds some back
        assert all(len(block) == FRAME_SAMPLES for block in ear.blocks)


async def test_a_rate_the_card_refuses_is_an_error_that_says_what_to_set() -> None:
    ear = Ear(FakeSound(Card("USB", default=True, rates_hz=[48_000])), rate_hz=44_100)
    with pytest.raises(MicrophoneError, match=r"set microphone\.rate_hz: 0, the rate the card"):
        await ear.microphone.open()
    await ear.microphone.close()


async def test_a_source_of_the_sound_server_is_named_in_the_environment() -> None:
    sound = FakeSound(Card("pulse"))
    async with listening(Ear(sound, "pulse:usb", "alsa_output.jack", "alsa_input.usb-mic")):
        await elapse(1)
    assert sound.environments == [{"PULSE_SOURCE": "alsa_input.usb-mic"}]


@pytest.mark.fault("other-microphone")
async def test_a_source_that_goes_is_lost_though_the_server_gives_another() -> None:
    sound = FakeSound(Card("pulse"))
    ear = Ear(sound, "pulse:usb", "jack", "usb")
    async with listening(ear):
        await elapse(5)
        ear.server.remove("usb")
        await elapse(1)
        assert '"usb" is gone from the sound server' in ear.told[0]
        await elapse(20)
        assert not sound.open_streams
        assert len(ear.told) == 1
        ear.server.there.append("usb")
        await elapse(5)
        assert ear.told[1:] == ["found"]
        ear.server.remove("usb")
        await elapse(1)
        assert "gone" in ear.told[2]


async def test_it_makes_way_for_the_search_for_a_speaker_and_says_so() -> None:
    sound = FakeSound(Card("USB", default=True))
    ear = Ear(sound)
    async with listening(ear):
        await elapse(5)
        sound.refresh_wanted = True
        await elapse(2)
        assert sound.refreshes == 1
        assert "it makes way" in ear.told[0]
        assert ear.told[1:] == ["found"]


async def test_cancelled_while_opening_it_leaves_no_stream_behind() -> None:
    sound = FakeSound(Card("USB", default=True))
    sound.slow.clear()
    ear = Ear(sound)
    opening = asyncio.ensure_future(ear.microphone.open())
    await asyncio.sleep(0)
    opening.cancel()
    threading.Timer(0.05, sound.slow.set).start()
    await asyncio.gather(opening, return_exceptions=True)
    await ear.microphone.close()
    assert sound.openings == 1
    assert not sound.open_streams


async def test_a_refresh_that_fails_does_not_end_the_search() -> None:
    card = Card("USB", default=True)
    sound = FakeSound(card)
    ear = Ear(sound)
    card.gives_blocks, sound.refuses_to_start = False, True
    async with listening(ear):
        await elapse(5)
        card.gives_blocks, sound.refuses_to_start = True, False
        await elapse(5)
        assert [line[:4] for line in ear.told] == ["lost", "foun"]


async def test_a_second_loss_is_searched_for_as_eagerly_as_the_first() -> None:
    card = Card("USB", default=True)
    ear = Ear(FakeSound(card))
    async with listening(ear):
        for _ in range(2):
            await elapse(10)
            card.plugged = False
            await elapse(60)
            card.plugged = True
        await elapse(10)
        card.plugged = False
        await elapse(1.4)
        card.plugged = True
        await elapse(1.0)
        assert [line.split(":")[0] for line in ear.told] == ["lost", "found"] * 3


async def test_the_table_has_every_backend_of_the_configuration() -> None:
    assert set(MICROPHONES) == set(MicrophoneConfig.__annotations__["backend"].__args__)
    heard: list[Samples] = []
    config = MicrophoneConfig(backend="silence")
    microphone = make_microphone(config, heard.append, lambda reason: None, lambda: None)
    async with microphone:
        await elapse(0.105)
    assert len(heard) == 5
    assert not any(block.any() for block in heard)
