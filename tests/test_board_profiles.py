"""Every profile that ships is a valid configuration, and its pins are free on its board."""

from collections.abc import Iterator

import pytest

from edgevoice.config import Config
from edgevoice.config_file import boards, load
from edgevoice.hardware.boards.known import KNOWN, addresses, known

# By BCM number: the EEPROM's bus, I2C 1, and I2S, which every board with a codec plays on.
EEPROM, I2C, I2S = {0, 1}, {2, 3}, {18, 19, 20, 21}
SPI_0 = {7, 8, 9, 10, 11}


def profile(name: str) -> Config:
    return load([], [f"board={name}"])


def pins_of(config: Config) -> Iterator[int]:
    button, light = config.button, config.indicator
    yield from light.pins
    optional = (button.pin, button.louder_pin, button.softer_pin, light.enable_pin, light.lamp_pin)
    yield from (pin for pin in optional if pin is not None)


def test_every_profile_is_known_and_every_known_board_has_one() -> None:
    assert {board.name for board in KNOWN} == set(boards())
    assert len({board.title for board in KNOWN}) == len(KNOWN)


@pytest.mark.parametrize("name", boards())
def test_a_profile_is_valid_and_sets_what_it_is_for(name: str) -> None:
    config = profile(name)
    assert config.board == name
    assert (config == Config()) is (name == "none")


@pytest.mark.parametrize("name", boards())
def test_its_pins_belong_to_nothing_else_on_that_board(name: str) -> None:
    config = profile(name)
    pins = list(pins_of(config))
    assert len(set(pins)) == len(pins)
    taken = EEPROM | I2C | I2S
    if config.indicator.kind in ("apa102", "ws2812"):
        taken |= SPI_0
    assert not taken & set(pins)


@pytest.mark.parametrize("name", boards())
def test_a_light_on_spi_and_the_kernels_spi_go_together(name: str) -> None:
    board = known(name)
    assert board is not None
    assert board.kernel.spi is (profile(name).indicator.kind in ("apa102", "ws2812"))


@pytest.mark.parametrize("name", boards())
def test_what_cancels_echo_by_itself_is_one_card(name: str) -> None:
    """It knows only what is played through it."""
    config = profile(name)
    if config.echo.canceller == "hardware":
        assert config.microphone.device == config.speaker.device


@pytest.mark.parametrize(
    ("name", "port_audio"),
    [
        # As PortAudio puts it together: the card's name and its stream's.
        ("respeaker-2mic-v1", "seeed-2mic-voicecard: bcm2835-i2s-wm8960-hifi wm8960-hifi-0"),
        ("respeaker-2mic-v1", "wm8960-soundcard: 1f000a0000.i2s-wm8960-hifi wm8960-hifi-0"),
        ("respeaker-2mic-v2", "seeed2micvoicec: fe203000.i2s-tlv320aic3x-hifi"),
        ("respeaker-4mic", "seeed-4mic-voicecard: bcm2835-i2s-ac10x-codec0 ac10x-codec0-0"),
        ("respeaker-6mic", "seeed-8mic-voicecard: bcm2835-i2s-ac10x-codec0 ac10x-codec.1-0035-0"),
        ("codec-zero", "RPi Codec Zero: Raspberry Pi Codec Zero HiFi da7213-hifi-0"),
        ("aiy-voice-hat", "snd_rpi_googlevoicehat_soundcar: Google voiceHAT SoundCard HiFi"),
        ("respeaker-usb-mic-array", "ReSpeaker 4 Mic Array (UAC1.0): USB Audio"),
        ("respeaker-lite", "ReSpeaker Lite: USB Audio"),
    ],
)
def test_the_device_is_a_part_of_what_port_audio_calls_it(name: str, port_audio: str) -> None:
    assert profile(name).microphone.device.casefold() in port_audio.casefold()


def test_few_addresses_are_asked() -> None:
    assert list(addresses()) == [0x18, 0x1A, 0x31, 0x35, 0x3B, 0x52]
