"""Microphone and speaker on one card: one stream, and each may come and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import MicrophoneConfig, SpeakerConfig
from edgevoice.hardware.sound.duplex import Duplex
from edgevoice.hardware.sound.microphone import PortAudioMicrophone
from edgevoice.hardware.sound.speaker import PortAudioSpeaker
from tests.hardware.fake_portaudio import Card, FakeServer, FakeSound
from tests.virtual_time import elapse

HAT = "seeed-2mic-voicecard: tlv320 (hw:1,0)"
LOUD = np.full(480_000, 10_000, np.int16)


class Board:
    """A microphone and a speaker as the daemon has them."""

    def __init__(self, *cards: Card, microphone: str = "seeed", speaker: str = "seeed") -> None:
        self.sound = FakeSound(*cards)
        self.duplex = Duplex(self.sound, pause=self.sound.pause)
        self.playout = PlayoutBuffer(48_000)
        self.frames: list[Samples] = []
        self.told: list[str] = []
        self.microphone = PortAudioMicrophone(
            MicrophoneConfig(device=microphone),
            self.frames.append,
            lambda reason: self.told.append(f"microphone lost: {reason}"),
            lambda: self.told.append("microphone found"),
            self.duplex,
            FakeServer(),
        )
        self.speaker = PortAudioSpeaker(
            SpeakerConfig(device=speaker),
            self.playout,
            lambda reason: self.told.append(f"speaker lost: {reason}"),
            lambda: self.told.append("speaker found"),
            self.duplex,
            FakeServer(),
        )

    @property
    def streams(self) -> list[str]:
        return sorted(stream.kind for stream in self.sound.open_streams)


@asynccontextmanager
async def running(board: Board) -> AsyncIterator[Board]:
    """The speaker first, as in the daemon."""
    async with AsyncExitStack() as opened:
        for device in (board.speaker, board.microphone):
            await opened.enter_async_context(device)
            watching = asyncio.ensure_future(device.watch())
            opened.push_async_callback(asyncio.gather, watching, return_exceptions=True)
            opened.callback(watching.cancel)
        yield board


def hat(**settings: object) -> Card:
    return Card(HAT, inputs=2, outputs=2, **settings)  # type: ignore[arg-type]


async def test_one_card_is_one_stream_on_one_clock() -> None:
    async with running(Board(hat())) as board:
        await elapse(2)
        assert board.streams == ["duplex"]
        assert board.duplex.is_one_stream
        assert len(board.frames) > 90
        assert board.told == []
    assert board.streams == []


async def test_it_runs_at_the_speakers_rate_and_the_microphone_hears_16_khz() -> None:
    async with running(Board(hat(rates_hz=[48_000]))) as board:
        await elapse(2)
        assert [stream.rate_hz for stream in board.sound.open_streams] == [48_000]
        assert 90 < len(board.frames) <= 100


async def test_a_card_of_16_khz_alone_serves_both() -> None:
    async with running(Board(hat(rates_hz=[16_000]))) as board:
        board.playout.push(LOUD)
        await elapse(2)
        assert [stream.rate_hz for stream in board.sound.open_streams] == [16_000]
        assert board.playout.played_ms > 1800


async def test_two_devices_of_one_card_are_one_stream() -> None:
    board = Board(Card("Codec: ADC (hw:1,1)", outputs=0), Card("Codec: DAC (hw:1,0)", inputs=0),
                  microphone="ADC", speaker="DAC")  # fmt: skip
    async with running(board):
        await elapse(1)
        assert board.streams == ["duplex"]


async def test_two_cards_are_two_streams() -> None:
    board = Board(hat(), Card("USB (hw:2,0)"), speaker="USB")
    async with running(board):
        await elapse(1)
        assert board.streams == ["in", "out"]
        assert not board.duplex.is_one_stream


async def test_a_sound_server_is_not_taken_for_one_card() -> None:
    """Its source may be a USB microphone and its sink the jack."""
    async with running(Board(Card("pulse"), microphone="pulse", speaker="pulse")) as board:
        await elapse(1)
        assert board.streams == ["in", "out"]


async def test_a_card_that_cannot_do_both_at_one_rate_is_two_streams() -> None:
    async with running(Board(hat(full_duplex=False))) as board:
        board.playout.push(LOUD)
        await elapse(2)
        assert board.streams == ["in", "out"]
        assert not board.duplex.is_one_stream
        assert board.playout.played_ms > 1500
        assert len(board.frames) > 90


async def test_mute_leaves_no_capture_open_and_the_sound_goes_on() -> None:
    card = hat()
    async with running(Board(card)) as board:
        board.playout.push(LOUD)
        await elapse(1)
        await board.microphone.close()
        assert board.streams == ["out"]
        assert not any(stream.source for stream in board.sound.open_streams)
        frames = len(board.frames)
        await elapse(1)
        assert len(board.frames) == frames
        assert board.playout.played_ms > 1900
        await board.microphone.open()
        await elapse(1)
        assert board.streams == ["duplex"]
        assert len(board.frames) > frames + 40
        assert board.told == []


async def test_muting_does_not_click() -> None:
    """It fades out, and in again: a step within a sound is heard as a click."""
    card = hat()
    async with running(Board(card)) as board:
        board.playout.push(LOUD)
        await elapse(1)
        await board.microphone.close()
        await elapse(1)
        await board.microphone.open()
        await elapse(1)
    played = np.concatenate(card.heard).astype(int)
    assert np.abs(np.diff(played[:-480])).max() < 100
    assert (played[4800:] == 0).sum() < 48_000 * 0.2  # the gaps are short


async def test_what_is_played_is_not_lost_in_the_gap() -> None:
    card = hat()
    async with running(Board(card)) as board:
        pulled: list[Samples] = []
        board.speaker.on_played = lambda block, at_s: pulled.append(block)
        board.playout.push(LOUD[: 48_000 * 3])
        await elapse(1)
        await board.microphone.close()
        await elapse(4)
        assert sum(int(np.count_nonzero(block)) for block in pulled) == 48_000 * 3


async def test_a_speaker_that_joins_later_tells_the_microphone_that_something_is_missing() -> None:
    board = Board(hat())
    async with board.microphone:
        watching = asyncio.ensure_future(board.microphone.watch())
        await elapse(1)
        assert board.streams == ["in"]
        async with board.speaker:
            await elapse(1)
            assert board.streams == ["duplex"]
            assert [line.split(":")[0] for line in board.told] == [
                "microphone lost",
                "microphone found",
            ]
        await elapse(1)
        assert board.streams == ["in"]
        assert len(board.told) == 4
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_a_pulled_card_is_lost_to_both_and_found_by_both() -> None:
    card = hat()
    async with running(Board(card)) as board:
        await elapse(5)
        board.playout.push(LOUD)
        card.plugged = False
        await elapse(1)
        assert {line.split(":")[0] for line in board.told} == {"microphone lost", "speaker lost"}
        await elapse(20)
        assert board.playout.is_empty
        card.plugged = True
        await elapse(5)
        assert sorted(board.told[2:])[-2:] == ["microphone found", "speaker found"]
        assert board.streams == ["duplex"]
        told = len(board.told)
        await elapse(20)
        assert len(board.told) == told


async def test_a_card_that_comes_back_under_another_number_is_found_by_both() -> None:
    card = hat()
    async with running(Board(card)) as board:
        await elapse(5)
        card.plugged = False
        await elapse(10)
        board.sound.cards.append(Card("seeed-2mic-voicecard: tlv320 (hw:3,0)"))
        await elapse(5)
        assert board.streams == ["duplex"]
        assert {"microphone found", "speaker found"} <= set(board.told)


async def test_a_speaker_that_comes_back_elsewhere_is_found_while_the_microphone_runs() -> None:
    usb = Card("USB (hw:2,0)")
    async with running(Board(hat(), usb, speaker="USB")) as board:
        await elapse(5)
        usb.plugged = False
        await elapse(10)
        assert [line.split(":")[0] for line in board.told] == ["speaker lost"]
        board.sound.cards.append(Card("USB (hw:3,0)"))
        await elapse(5)
        assert "speaker found" in board.told
        assert board.told.count("microphone found") == 1
        assert board.streams == ["in", "out"]


async def test_zeros_do_not_tear_what_is_being_played() -> None:
    card = hat()
    async with running(Board(card)) as board:
        await elapse(1)
        board.playout.push(LOUD)
        card.gives_zeros = True
        await elapse(8)
        assert board.streams == ["duplex"]
        assert board.sound.openings == 2
        await elapse(10)
        assert board.playout.is_empty
        assert board.sound.openings > 3


async def test_a_busy_card_leaves_the_speaker_as_it_was() -> None:
    board = Board(hat(), Card("USB (hw:2,0)"), microphone="USB")
    async with running(board):
        await elapse(1)
        await board.microphone.close()
        await board.microphone.close()
        await elapse(1)
        assert board.streams == ["out"]
        assert board.told == []
