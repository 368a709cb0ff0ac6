"""Loudness by the card's own mixer: with a library that behaves like ALSA's, and with ALSA's."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.config import SpeakerConfig
from edgevoice.errors import AudioError
from edgevoice.hardware.sound.alsa import libasound
from edgevoice.hardware.sound.cards import cards
from edgevoice.hardware.sound.mixer import AlsaMixer, card_of, loudness_db, make_mixer
from tests.hardware.fake_alsa import FakeAlsa, FakeControl
from tests.pulse import Pulse

CARDS = """\
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [seeed2micvoicec]: seeed2micvoicec - seeed2micvoicec
                      seeed2micvoicec
12 [Device         ]: USB-Audio - USB PnP Sound Device
                      C-Media Electronics Inc. USB PnP Sound Device at usb-1, full speed
"""
PCM = """\
00-00: bcm2835 Headphones : bcm2835 Headphones : playback 8
01-00: bcm2835-i2s-tlv320aic3x-hifi tlv320aic3x-hifi-0 : : playback 1 : capture 1
12-00: USB Audio : USB Audio : playback 1 : capture 1
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "cards").write_text(CARDS)
    (tmp_path / "pcm").write_text(PCM)
    return tmp_path / "cards"


@pytest.fixture
def alsa() -> FakeAlsa:
    codec = [
        FakeControl("Capture", has_volume=False),
        FakeControl("PCM", raw_range=(0, 127), db_range=(-6350, 0)),
        FakeControl("Speaker", raw_range=(0, 9), db_range=(0, 900), has_switch=True),
        FakeControl("Speaker", index=1, raw_range=(0, 37)),
    ]
    return FakeAlsa({"hw:seeed2micvoicec": codec, "default": [FakeControl("Master")], "hw:0": []})


def mixer(alsa: FakeAlsa, proc: Path, control: str, device: str = "seeed") -> AlsaMixer:
    return AlsaMixer(device, control, lambda: alsa, proc)


def control(alsa: FakeAlsa, place: int) -> FakeControl:
    return alsa.cards["hw:seeed2micvoicec"][place]


def test_where_the_card_knows_decibels_half_is_12_less(alsa: FakeAlsa, proc: Path) -> None:
    mixer(alsa, proc, "PCM").set(50)
    assert control(alsa, 1).db == pytest.approx(-12.0, abs=0.5)
    mixer(alsa, proc, "PCM").set(100)
    assert control(alsa, 1).db == 0.0
    mixer(alsa, proc, "PCM").set(0)
    assert control(alsa, 1).raw == 0


def test_one_per_cent_is_not_the_lowest_step(alsa: FakeAlsa, proc: Path) -> None:
    mixer(alsa, proc, "Speaker").set(1)
    assert control(alsa, 2).raw == 1


def test_a_narrow_range_is_gone_through_evenly(alsa: FakeAlsa, proc: Path) -> None:
    mixer(alsa, proc, "Speaker").set(50)
    assert control(alsa, 2).db == pytest.approx(5.0)


def test_without_decibels_the_steps_are_gone_through_evenly(alsa: FakeAlsa, proc: Path) -> None:
    mixer(alsa, proc, "Speaker,1").set(50)
    assert control(alsa, 3).raw == 18
    assert control(alsa, 2).raw == 0


def test_an_output_that_was_off_is_switched_on(alsa: FakeAlsa, proc: Path) -> None:
    mixer(alsa, proc, "Speaker").set(0)
    assert not control(alsa, 2).is_on
    mixer(alsa, proc, "Speaker").set(30)
    assert control(alsa, 2).is_on


def test_a_name_in_small_letters_will_do(alsa: FakeAlsa, proc: Path) -> None:
    mixer(alsa, proc, "pcm").set(100)
    assert control(alsa, 1).raw == 127


def test_the_default_device_has_the_default_mixer(alsa: FakeAlsa, proc: Path) -> None:
    mixer(alsa, proc, "Master", "default").set(30)
    assert alsa.cards["default"][0].raw == 30


def test_an_unknown_control_lists_those_there_are(alsa: FakeAlsa, proc: Path) -> None:
    with pytest.raises(
        AudioError, match=r'"Lautsprecher".*: PCM, Speaker, Speaker,1; correct speaker.mixer'
    ):
        mixer(alsa, proc, "Lautsprecher").set(30)
    assert not alsa.open


def test_a_card_without_controls_says_so(alsa: FakeAlsa, proc: Path) -> None:
    with pytest.raises(AudioError, match="it has: none"):
        mixer(alsa, proc, "PCM", "hw:0").set(30)


def test_a_missing_card_lists_those_there_are(alsa: FakeAlsa, proc: Path) -> None:
    with pytest.raises(
        AudioError, match=r'"Jabra".*No such file.*hw:Headphones, hw:seeed2micvoicec, hw:Device'
    ):
        mixer(alsa, proc, "PCM", "Jabra").set(30)
    assert not alsa.open


def test_a_card_pulled_out_meanwhile_is_an_error_and_nothing_stays_open(
    alsa: FakeAlsa, proc: Path
) -> None:
    alsa.broken = True
    with pytest.raises(AudioError, match=r'"PCM" does not work \(No such device\)'):
        mixer(alsa, proc, "PCM").set(30)
    assert not alsa.open


@pytest.mark.parametrize(
    ("device", "card"),
    [
        ("default", "default"),
        ("seeed", "hw:seeed2micvoicec"),
        ("tlv320aic3x", "hw:seeed2micvoicec"),
        ("USB PnP", "hw:Device"),
        ("C-Media", "hw:Device"),
        ("hw:1,0", "hw:1"),
        ("plughw:CARD=Device,DEV=0", "hw:Device"),
        ("hw:seeed", "hw:seeed2micvoicec"),
        ("USB PnP Sound Device: Audio (hw:12,0)", "hw:12"),
        ("sysdefault:CARD=Headphones", "hw:Headphones"),
        ("pulse", "pulse"),
        ("pulse:alsa_output.usb", "pulse"),
        ("PipeWire", "pipewire"),
        ("my_asoundrc_name", "my_asoundrc_name"),
    ],
)
def test_the_card_behind_a_device(device: str, card: str, proc: Path) -> None:
    assert card_of(device, cards(proc)) == card


@pytest.mark.parametrize("text", ["--- no soundcards ---\n", "", "\x00\xff 3 [", None])
def test_no_cards_are_no_cards(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "cards").write_text(text)
    assert cards(tmp_path / "cards") == []


@given(
    st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted),
    st.floats(-100_000, 30),
    st.floats(0.5, 130),
)
def test_more_per_cent_are_never_softer_and_never_out_of_range(
    percents: list[int], low: float, width: float
) -> None:
    softer, louder = (loudness_db(percent, low, low + width) for percent in percents)
    assert low <= softer <= louder <= low + width + 1e-6


def test_no_mixer_where_none_is_asked_for() -> None:
    assert make_mixer(SpeakerConfig()) is None
    assert make_mixer(SpeakerConfig(backend="null", mixer="PCM")) is None
    assert make_mixer(SpeakerConfig(mixer="PCM")) is not None


def real_alsa() -> None:
    try:
        libasound()
    except AudioError as error:
        pytest.skip(str(error))


def test_the_real_library_says_clearly_that_a_card_is_missing(tmp_path: Path) -> None:
    real_alsa()
    with pytest.raises(
        AudioError, match=r'"hw:NoSuchCard" cannot be opened \(No such .*sound cards: none'
    ):
        AlsaMixer("hw:NoSuchCard", "Speaker", listing=tmp_path / "cards").set(50)


@pytest.mark.e2e
def test_the_real_library_moves_a_real_control(pulse: Pulse) -> None:
    """PulseAudio is a card with a mixer, as far as ALSA is concerned."""
    real_alsa()
    AlsaMixer("pulse", "master").set(35)
    told = subprocess.run(
        ["pactl", "get-sink-volume", "loudspeaker"], capture_output=True, text=True, check=True
    )
    assert " 35% " in told.stdout
    with pytest.raises(AudioError, match="it has: Master"):
        AlsaMixer("pulse", "Speaker").set(35)
