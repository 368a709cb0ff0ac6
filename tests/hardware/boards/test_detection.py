"""Which board a machine has: told where it is sure, asked where it is not."""

import errno
from pathlib import Path

import pytest

from edgevoice.hardware.boards.command import find
from edgevoice.hardware.boards.detection import NOTHING, Detection
from tests.hardware.boards.machine import PI_3, PI_4, PI_5, ZERO_2, Machine

WM8960 = {
    "respeaker-2mic-v1",
    "adafruit-voice-bonnet",
    "adafruit-braincraft",
    "waveshare-wm8960",
}
I2S = ("bcm2835-i2s-wm8960-hifi wm8960-hifi-0", "", "playback 1", "capture 1")
USB_AUDIO = ("USB Audio", "USB Audio", "playback 1", "capture 1")


def seen_on(machine: Machine) -> Detection:
    return find(machine.root, machine.ask)


def detected(machine: Machine) -> str | None:
    board = seen_on(machine).board
    return board.name if board else None


def possible(machine: Machine) -> set[str]:
    return {found.board.name for found in seen_on(machine).candidates}


@pytest.mark.parametrize("model", [PI_3, PI_4, PI_5, ZERO_2])
@pytest.mark.parametrize(
    ("vendor", "product", "number", "board"),
    [
        ("Raspberry Pi Ltd.", "Raspberry Pi Codec Zero", "0x0101", "codec-zero"),
        ("IQaudIO Limited www.iqaudio.com", "Pi-CodecZero", "0x0013", "codec-zero"),
        ("Google, Inc.", "Voice HAT", "0x0001", "aiy-voice-hat"),
        ("Google LLC", "AIY board", "0x0001", "aiy-voice-hat"),
        ("Google LLC", "Voice Bonnet", "0x0003", "aiy-voice-bonnet"),
    ],
)
def test_an_eeprom_says_which_board_it_is_on(
    tmp_path: Path, model: str, vendor: str, product: str, number: str, board: str
) -> None:
    machine = Machine(tmp_path, model)
    machine.eeprom(vendor, product, number)
    machine.answers(0x1A)  # the codec of two of them, and of four others
    assert detected(machine) == board


def test_the_eeprom_of_another_board_says_nothing(pi: Machine) -> None:
    pi.eeprom("Raspberry Pi", "PoE+ HAT", "0x0001")
    assert detected(pi) is None and not seen_on(pi).candidates


def test_a_stack_of_boards_has_an_eeprom_each(pi: Machine) -> None:
    pi.eeprom("Raspberry Pi", "PoE+ HAT", "0x0001")
    pi.eeprom("Raspberry Pi Ltd.", "Raspberry Pi Codec Zero", "0x0101", folder="hat_stack_1")
    assert detected(pi) == "codec-zero"


@pytest.mark.parametrize(
    ("addresses", "board"),
    [
        ((0x18,), "respeaker-2mic-v2"),
        ((0x3B,), "respeaker-4mic"),
        ((0x1A, 0x52), "aiy-voice-bonnet"),
        ((0x1A, 0x52, 0x31), "aiy-voice-bonnet"),
    ],
)
def test_addresses_that_only_one_board_has(
    pi: Machine, addresses: tuple[int, ...], board: str
) -> None:
    pi.answers(*addresses)
    assert detected(pi) == board


def test_one_codec_is_on_many_boards_and_their_owner_is_asked(pi: Machine) -> None:
    pi.answers(0x1A)
    found = seen_on(pi)
    assert found.board is None and possible(pi) == WM8960
    assert found.question.startswith("Which of these is it?")
    assert "joystick" in found.question and "screw terminals" in found.question


def test_a_ring_and_a_row_of_microphones_hang_on_the_same_board(pi: Machine) -> None:
    pi.answers(0x35, 0x3B)
    assert possible(pi) == {"respeaker-6mic", "respeaker-4mic-linear"}


def test_a_driver_tells_the_chips_of_one_address_apart(pi: Machine) -> None:
    pi.driver(0x1A, "wm8731")  # a Mark 1, an AudioInjector
    assert not seen_on(pi).candidates
    pi.driver(0x1A, "wm8960")
    assert possible(pi) == WM8960


def test_the_name_of_the_card_leaves_fewer(pi: Machine) -> None:
    pi.driver(0x1A, "wm8960")
    pi.card("seeed2micvoicec", "seeed-2mic-voicecard", *I2S)
    assert possible(pi) == WM8960 - {"waveshare-wm8960"}


def test_two_versions_of_a_board_have_one_name_of_card_and_two_codecs(pi: Machine) -> None:
    pi.card("seeed2micvoicec", "seeed2micvoicec", *I2S)
    pi.driver(0x18, "tlv320aic3104")
    pi.overlaid("reSpeaker V2.0")
    found = seen_on(pi)
    assert found.board and found.board.name == "respeaker-2mic-v2"
    assert [evidence.text for evidence in found.candidates[0].evidence] == [
        "0x18 answers on I2C (tlv320aic3104)",
        "there is a sound card seeed2micvoicec",
        'the overlay "reSpeaker V2.0" is loaded',
    ]


@pytest.mark.parametrize(
    ("identity", "board"),
    [
        ("2886:0018", "respeaker-usb-mic-array"),
        ("2886:001a", "xvf3800"),
        ("2886:001A", "xvf3800"),
        ("2886:0019", "respeaker-lite"),
    ],
)
def test_a_board_on_usb_is_known_by_its_numbers(pi: Machine, identity: str, board: str) -> None:
    pi.usb(identity, "Seeed Studio", "reSpeaker")
    pi.card("Array", "reSpeaker", *USB_AUDIO, driver="USB-Audio")
    assert detected(pi) == board


def test_a_board_on_usb_is_found_on_any_computer(tmp_path: Path) -> None:
    computer = Machine(tmp_path, model="")
    computer.usb("2886:001a")
    assert detected(computer) == "xvf3800" and not seen_on(computer).unseen


def test_a_speakerphone_says_what_it_is(pi: Machine) -> None:
    pi.usb("0b0e:0412", "GN Netcom", "Jabra SPEAK 410 USB")
    pi.card("USB", "Jabra SPEAK 410 USB", *USB_AUDIO, driver="USB-Audio")
    assert detected(pi) == "speakerphone"


def test_whether_a_usb_card_hears_itself_its_owner_knows(pi: Machine) -> None:
    pi.usb("0d8c:0014", "C-Media", "USB Audio Device")
    pi.card("Device", "USB Audio Device", *USB_AUDIO, driver="USB-Audio")
    assert possible(pi) == {"speakerphone", "none"}
    assert "its own echo" in seen_on(pi).question


def test_a_usb_microphone_alone_is_no_speakerphone(pi: Machine) -> None:
    pi.usb("046d:0825", "Logitech", "Webcam C270")
    pi.card("C270", "Webcam C270", "USB Audio", "USB Audio", "capture 1", driver="USB-Audio")
    assert not seen_on(pi).candidates


def test_the_driver_of_googles_kit_also_serves_wires_of_ones_own(pi: Machine) -> None:
    pi.card("sndrpigooglevoi", "snd_rpi_googlevoicehat_soundcar", *I2S)
    assert possible(pi) == {"aiy-voice-hat", "plain"}


def test_two_boards_are_a_question_too(pi: Machine) -> None:
    pi.usb("2886:001a")
    pi.eeprom("Raspberry Pi Ltd.", "Raspberry Pi Codec Zero", "0x0101")
    assert possible(pi) == {"xvf3800", "codec-zero"} and detected(pi) is None


def test_nothing_on_a_pi_may_still_be_wires(pi: Machine) -> None:
    assert seen_on(pi).question == NOTHING and not seen_on(pi).unseen


def test_nothing_on_a_computer_is_no_question(tmp_path: Path) -> None:
    found = seen_on(Machine(tmp_path, model=""))
    assert (found.board, found.question, found.unseen) == (None, "", "")


def test_a_bus_that_is_off_is_told_instead_of_taken_for_empty(pi: Machine) -> None:
    (pi.root / "dev/i2c-1").unlink()
    found = seen_on(pi)
    assert "--enable-i2c" in found.unseen and not found.question


def test_a_bus_one_may_not_open_is_told(pi: Machine) -> None:
    pi.i2c_error = errno.EACCES
    assert seen_on(pi).unseen == "I2C could not be looked at: run this with sudo"


def test_a_bus_that_is_off_matters_little_when_a_driver_has_the_chip(pi: Machine) -> None:
    (pi.root / "dev/i2c-1").unlink()  # the module i2c-dev is not loaded
    pi.driver(0x18, "tlv320aic3104")
    assert detected(pi) == "respeaker-2mic-v2" and not seen_on(pi).unseen
