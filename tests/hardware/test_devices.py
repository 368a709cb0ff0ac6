"""What `edgevoice devices` prints."""

from edgevoice.errors import AudioError, GpioError
from edgevoice.hardware.devices import list_devices
from edgevoice.hardware.pins import Pins, mock_pins
from edgevoice.hardware.portaudio import SoundDevice
from tests.hardware.fake_portaudio import Card, FakeSound


def no_pins() -> Pins:
    raise GpioError("no usable GPIO on this machine; install a library")


async def test_cards_with_the_default_marked_and_the_pins() -> None:
    lines = list_devices(FakeSound(Card("HDMI"), Card("USB mic", default=True)), mock_pins)
    assert lines == [
        "microphones (microphone.device takes a part of the name):",
        "   HDMI (1 channels)",
        " * USB mic (1 channels)",
        "speakers (speaker.device takes a part of the name):",
        "   HDMI (1 channels)",
        " * USB mic (1 channels)",
        "GPIO: MockFactory",
    ]


async def test_nothing_at_all_says_what_to_look_at() -> None:
    text = "\n".join(list_devices(FakeSound(), no_pins))
    assert text.count("none; is the card plugged in") == 2
    assert "GPIO: none (no usable GPIO" in text


class NoLibrary(FakeSound):
    def devices(self) -> list[SoundDevice]:
        raise AudioError("PortAudio library not found; run: sudo apt install libportaudio2")


async def test_a_missing_library_comes_with_the_command() -> None:
    assert list_devices(NoLibrary(), no_pins)[0] == (
        "sound: none (PortAudio library not found; run: sudo apt install libportaudio2)"
    )
