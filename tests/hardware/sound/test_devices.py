"""What `edgevoice devices` prints."""

from pathlib import Path

from edgevoice.errors import AudioError, GpioError
from edgevoice.hardware.gpio.pins import Pins, mock_pins
from edgevoice.hardware.sound.devices import list_devices
from edgevoice.hardware.sound.portaudio import SoundDevice
from tests.hardware.fake_portaudio import Card, FakeServer, FakeSound


def no_pins() -> Pins:
    raise GpioError("no usable GPIO on this machine; install a library")


async def test_names_that_can_be_pasted_with_the_default_marked_and_the_pins(
    tmp_path: Path,
) -> None:
    cards = tmp_path / "cards"
    cards.write_text(" 1 [Device         ]: USB-Audio - USB Audio Device\n")
    sound = FakeSound(
        Card("USB Audio Device: - (hw:1,0)", default=True, outputs=2), Card("pulse", inputs=32)
    )
    lines = list_devices(sound, mock_pins, FakeServer("alsa_input.usb", "jack"), cards)
    assert lines == [
        "microphones (microphone.device takes a name as it is listed, or a part of one):",
        " * hw:CARD=Device,DEV=0 (USB Audio Device: - (hw:1,0), 1 channel)",
        "   pulse (32 channels)",
        "   pulse:alsa_input.usb",
        "   pulse:jack",
        "speakers (speaker.device does the same):",
        " * hw:CARD=Device,DEV=0 (USB Audio Device: - (hw:1,0), 2 channels)",
        "   pulse (1 channel)",
        "   pulse:alsa_input.usb",
        "   pulse:jack",
        "GPIO: MockFactory",
    ]


async def test_nothing_at_all_says_what_to_look_at() -> None:
    text = "\n".join(list_devices(FakeSound(), no_pins, FakeServer()))
    assert text.count("none; is the card plugged in") == 2
    assert "GPIO: none (no usable GPIO" in text


class NoLibrary(FakeSound):
    def devices(self) -> list[SoundDevice]:
        raise AudioError("PortAudio library not found; run: sudo apt install libportaudio2")


async def test_a_missing_library_comes_with_the_command() -> None:
    assert list_devices(NoLibrary(), no_pins, FakeServer())[0] == (
        "sound: none (PortAudio library not found; run: sudo apt install libportaudio2)"
    )
