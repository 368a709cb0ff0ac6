"""Choosing a device by a name that stays. Streams are tried elsewhere."""

from pathlib import Path

import pytest

from edgevoice.errors import AudioError
from edgevoice.hardware.sound.portaudio import Direction, SoundDevice
from edgevoice.hardware.sound.sound_names import (
    Found,
    choose,
    find,
    is_at_server,
    lasting_name,
    on_one_card,
    same_card,
)


def device(name: str, inputs: int, outputs: int, *default_for: Direction) -> SoundDevice:
    return SoundDevice(0, name, {"in": inputs, "out": outputs}, frozenset(default_for))


PI = [
    device("bcm2835 Headphones: - (hw:0,0)", 0, 8),
    device("USB Audio Device: - (hw:1,0)", 1, 2),
    device("ReSpeaker 4 Mic Array (hw:2,0)", 6, 2),
    device("ReSpeaker 4 Mic Array (hw:2,10)", 6, 2),
    device("sysdefault", 128, 128),
    device("USB", 1, 0),
    device("pulse", 32, 32),
    device("default", 128, 128, "in", "out"),
]

CARDS = """\
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [Device         ]: USB-Audio - USB Audio Device
                      C-Media USB Audio Device at usb-0000:01:00.0-1.2, full speed
 2 [seeed4micvoicec]: seeed-4mic-voic - seeed-4mic-voicecard
                      seeed-4mic-voicecard
"""


class Server:
    def __init__(self, *names: str) -> None:
        self.there = list(names)

    def names(self, direction: Direction) -> list[str] | None:
        return self.there

    async def until_gone(self, name: str, direction: Direction) -> bool:
        return False


class NoServer(Server):
    def names(self, direction: Direction) -> list[str] | None:
        return None


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    path = tmp_path / "cards"
    path.write_text(CARDS)
    return path


@pytest.mark.parametrize(
    ("wanted", "direction", "name"),
    [
        ("default", "in", "default"),
        ("default", "out", "default"),
        ("respeaker", "in", "ReSpeaker 4 Mic Array (hw:2,0)"),
        ("usb", "in", "USB"),  # the exact name wins over a part of another
        ("usb", "out", "USB Audio Device: - (hw:1,0)"),  # the exact name has no output
        ("headphones", "out", "bcm2835 Headphones: - (hw:0,0)"),
        ("hw:1,0", "in", "USB Audio Device: - (hw:1,0)"),
        ("hw:2", "in", "ReSpeaker 4 Mic Array (hw:2,0)"),
        ("plughw:2,10", "in", "ReSpeaker 4 Mic Array (hw:2,10)"),
        ("hw:CARD=seeed4micvoicec,DEV=0", "in", "ReSpeaker 4 Mic Array (hw:2,0)"),
        ("hw:CARD=seeed,DEV=10", "in", "ReSpeaker 4 Mic Array (hw:2,10)"),
        ("plughw:CARD=Device", "out", "USB Audio Device: - (hw:1,0)"),
        ("hw:Device,0", "in", "USB Audio Device: - (hw:1,0)"),
    ],
)
def test_a_device_by_name(wanted: str, direction: Direction, name: str, cards: Path) -> None:
    assert find(PI, wanted, direction, cards, NoServer()) == Found(
        next(device for device in PI if device.name == name)
    )


def test_a_name_that_portaudio_has_with_its_prefix_is_understood(cards: Path) -> None:
    """Where the owner has set PA_ALSA_PLUGHW."""
    plug = [device("USB Audio Device: - (plughw:1,0)", 1, 2)]
    assert find(plug, "hw:CARD=Device,DEV=0", "in", cards, NoServer()).device is plug[0]


def test_without_alsas_list_the_card_is_looked_for_in_portaudios_names(tmp_path: Path) -> None:
    found = find(PI, "hw:CARD=ReSpeaker,DEV=0", "in", tmp_path / "none", NoServer())
    assert found.device.name == "ReSpeaker 4 Mic Array (hw:2,0)"


@pytest.mark.parametrize(
    "wanted", ["hw:CARD=Loopback,DEV=0", "hw:7,0", "hw:1,3", "Jabra", "hw:0,0"]
)
def test_what_is_not_there_comes_with_what_is(wanted: str, cards: Path) -> None:
    with pytest.raises(AudioError, match=f'"{wanted}" not found; there are 7: USB Audio Device'):
        find(PI, wanted, "in", cards, NoServer())


def test_no_default_is_nothing_rather_than_anything() -> None:
    assert choose(PI[:2], "default", "in") is None
    assert choose(PI, "headphones", "in") is None


@pytest.mark.parametrize(
    ("wanted", "direction", "environment"),
    [
        ("pulse:mic", "in", {"PULSE_SOURCE": "alsa_input.usb-mic"}),
        ("pulse:alsa_output.jack", "out", {"PULSE_SINK": "alsa_output.jack"}),
        ("pulse:jack.monitor", "in", {"PULSE_SOURCE": "alsa_output.jack.monitor"}),
        ("pipewire:mic", "in", {"PIPEWIRE_ALSA": "{ target.object=alsa_input.usb-mic }"}),
        (
            "pipewire:jack.monitor",
            "in",
            {"PIPEWIRE_ALSA": "{ target.object=alsa_output.jack stream.capture.sink=true }"},
        ),
    ],
)
def test_sources_and_sinks_of_a_server(
    wanted: str, direction: Direction, environment: dict[str, str]
) -> None:
    server = Server("alsa_output.jack", "alsa_output.jack.monitor", "alsa_input.usb-mic")
    devices = [*PI, device("pipewire", 32, 32)]
    assert find(devices, wanted, direction, server=server).environment == environment


def test_a_server_that_cannot_be_asked_gets_the_name_as_it_is() -> None:
    assert find(PI, "pulse:usb-mic", "in", server=NoServer()).environment == {
        "PULSE_SOURCE": "usb-mic"
    }


def test_a_source_the_server_does_not_have_is_an_error_and_not_another_source() -> None:
    with pytest.raises(AudioError, match='"pulse:mic" not found; there are 1: pulse:jack'):
        find(PI, "pulse:mic", "in", server=Server("jack"))


def test_a_server_that_alsa_does_not_know_is_an_error_with_the_package() -> None:
    with pytest.raises(AudioError, match="libasound2-plugins"):
        find(PI, "pipewire:mic", "in", server=Server("mic"))


def test_the_plugin_itself_is_no_name_at_the_server() -> None:
    assert is_at_server("pulse:mic")
    assert not is_at_server("pulse")
    assert not is_at_server("pulse:")
    assert not is_at_server("hw:1,0")


def test_devices_of_one_card_share_it_and_plugins_share_nothing() -> None:
    headphones, usb, array, other, *_, pulse, default = PI
    assert same_card(array, other)
    assert same_card(usb, usb)
    assert not same_card(headphones, usb)
    assert not same_card(pulse, pulse)
    assert not same_card(default, default)


def test_names_that_mean_one_card(cards: Path) -> None:
    assert on_one_card(PI, "hw:CARD=Device,DEV=0", "USB Audio", cards)
    assert not on_one_card(PI, "USB Audio", "ReSpeaker", cards)
    assert not on_one_card(PI, "default", "default", cards)
    assert not on_one_card(PI, "pulse:mic", "pulse:mic", cards)
    assert not on_one_card(PI, "Jabra", "Jabra", cards)


def test_the_name_to_write_down_does_not_depend_on_the_number(cards: Path, tmp_path: Path) -> None:
    assert [lasting_name(device, cards) for device in (PI[1], PI[3], PI[6])] == [
        "hw:CARD=Device,DEV=0",
        "hw:CARD=seeed4micvoicec,DEV=10",
        "pulse",
    ]
    assert lasting_name(PI[1], tmp_path / "none") == "USB Audio Device: - (hw:1,0)"
