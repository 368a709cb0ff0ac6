"""The boards edgevoice knows: how each is told, and what the kernel needs for it.

One entry per profile in `edgevoice/boards/`, where the sources of pins and settings are named.
An address proves little: 0x1a is a WM8960 on four of these boards, a DA7212 and an ALC5645 on
two others, and a WM8731 on boards that are not here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edgevoice.hardware.boards.signs import Chip, Hat, Headset, Overlaid, Sign, SoundCard, Usb

SEEED_DRIVER = (
    "its driver is no part of the kernel: install the branch for your kernel (`uname -r`) of"
    " https://github.com/HinTak/seeed-voicecard"
)


@dataclass(frozen=True, slots=True)
class Kernel:
    """What must be loaded before the board is a sound card (and, if it has them, shows light)."""

    overlays: tuple[str, ...] = ()
    """Any one of them makes the card; the best first."""
    card: str = ""
    """A pattern of the sound card that is then there; empty: USB, nothing is needed."""
    spi: bool = False
    """Its LEDs hang on SPI 0."""
    source: str = ""
    """Where the overlay or its driver comes from, if not from Raspberry Pi OS."""


@dataclass(frozen=True, slots=True)
class KnownBoard:
    name: str
    """Of the profile."""
    title: str
    looks: str = ""
    """How somebody who holds it in the hand can tell it."""
    signs: tuple[Sign, ...] = ()
    kernel: Kernel = Kernel()


_WM8960 = Chip(0x1A, ("wm8960",))
_WM8960_CARD = SoundCard(r"wm8960-?soundcard")
_SEEED_2MIC_CARD = SoundCard(r"seeed-?2-?mic")
# The driver of this card also serves microphones and amplifiers that somebody has wired.
_VOICE_HAT_CARD = SoundCard(r"googlevoi")


def _seeed_overlay(name: str) -> str:
    """Seeed publishes these as text; nobody has put them into Raspberry Pi OS yet."""
    return (
        "build it once: sudo apt install git make device-tree-compiler"
        " && git clone https://github.com/Seeed-Studio/seeed-linux-dtoverlays"
        f" && make -C seeed-linux-dtoverlays overlays/rpi/{name}-overlay.dtbo"
        f" && sudo cp seeed-linux-dtoverlays/overlays/rpi/{name}-overlay.dtbo"
        f" /boot/firmware/overlays/{name}.dtbo"
    )


KNOWN: tuple[KnownBoard, ...] = (
    KnownBoard(
        "respeaker-2mic-v1",
        "Seeed ReSpeaker 2-Mics Pi HAT v1, or Keyestudio's of the same make",
        "as small as a Pi Zero, three LEDs in a row, sockets marked I2C and GPIO12",
        (_WM8960, _SEEED_2MIC_CARD, _WM8960_CARD),
        Kernel(
            ("respeaker-2mic-v1_0", "wm8960-soundcard", "seeed-2mic-voicecard"),
            r"seeed-?2-?mic|wm8960-?soundcard",
            True,
            _seeed_overlay("respeaker-2mic-v1_0"),
        ),
    ),
    KnownBoard(
        "respeaker-2mic-v2",
        "Seeed ReSpeaker 2-Mics Pi HAT v2",
        'as small as a Pi Zero, three LEDs in a row, "V2.0" printed on it',
        (Chip(0x18, ("tlv320aic3104", "tlv320aic3x")), _SEEED_2MIC_CARD, Overlaid("respeaker v2")),
        # Seeed's own, where somebody has built it, and else ours, which is built.
        Kernel(("respeaker-2mic-v2_0", "edgevoice-respeaker-2mic-v2"), r"seeed-?2-?mic", True),
    ),
    KnownBoard(
        "respeaker-4mic",
        "Seeed ReSpeaker 4-Mic Array (square, with a ring of LEDs)",
        "square, a ring of twelve LEDs, a microphone in each corner, no socket for a loudspeaker",
        (Chip(0x3B, ("ac108", "ac10x-codec", "ac108_0")), SoundCard(r"seeed-?4-?mic")),
        Kernel(("seeed-4mic-voicecard",), r"seeed-?4-?mic", True, SEEED_DRIVER),
    ),
    KnownBoard(
        "respeaker-6mic",
        "Seeed ReSpeaker 6-Mic Circular Array",
        "two boards joined by a ribbon: one on the pins, a round one with six microphones and LEDs",
        (
            Chip(0x35, ("ac108", "ac10x-codec", "ac108_1")),
            Chip(0x3B, ("ac108", "ac10x-codec", "ac108_0"), needed=False),
            SoundCard(r"seeed-?8-?mic"),
        ),
        Kernel(("seeed-8mic-voicecard",), r"seeed-?8-?mic", True, SEEED_DRIVER),
    ),
    KnownBoard(
        "respeaker-4mic-linear",
        "Seeed ReSpeaker 4-Mic Linear Array",
        "two boards joined by a ribbon: one on the pins, a long one with four microphones, no LEDs",
        (
            Chip(0x35, ("ac108", "ac10x-codec", "ac108_1")),
            Chip(0x3B, ("ac108", "ac10x-codec", "ac108_0"), needed=False),
            SoundCard(r"seeed-?8-?mic"),
        ),
        Kernel(("seeed-8mic-voicecard",), r"seeed-?8-?mic", source=SEEED_DRIVER),
    ),
    KnownBoard(
        "respeaker-usb-mic-array",
        "Seeed ReSpeaker USB Mic Array v2.0 (XVF3000)",
        signs=(Usb("2886:0018"),),
    ),
    KnownBoard("xvf3800", "Seeed reSpeaker XVF3800 USB 4-Mic Array", signs=(Usb("2886:001a"),)),
    KnownBoard("respeaker-lite", "Seeed ReSpeaker Lite (XU316, USB)", signs=(Usb("2886:0019"),)),
    KnownBoard(
        "adafruit-voice-bonnet",
        "Adafruit Voice Bonnet",
        'as small as a Pi Zero, "Adafruit" printed on it, two sockets for loudspeakers, no display',
        (_WM8960, _SEEED_2MIC_CARD, _WM8960_CARD),
        Kernel(("wm8960-soundcard", "seeed-2mic-voicecard"), r"wm8960-?soundcard|seeed-?2-?mic"),
    ),
    KnownBoard(
        "adafruit-braincraft",
        "Adafruit BrainCraft HAT",
        "a square colour display, a little joystick and a fan",
        (_WM8960, _SEEED_2MIC_CARD, _WM8960_CARD),
        Kernel(("wm8960-soundcard", "seeed-2mic-voicecard"), r"wm8960-?soundcard|seeed-?2-?mic"),
    ),
    KnownBoard(
        "waveshare-wm8960",
        "Waveshare WM8960 Audio HAT",
        'as small as a Pi Zero, "WM8960 Audio HAT" printed on it, screw terminals, no LEDs',
        (_WM8960, _WM8960_CARD),
        Kernel(("wm8960-soundcard",), r"wm8960-?soundcard"),
    ),
    KnownBoard(
        "aiy-voice-hat",
        "Google AIY Voice HAT (the first kit, for the Pi 3)",
        '"Voice HAT" printed on it, a separate strip with two microphones',
        # Google's own tools tell their three boards by the product number of the EEPROM.
        (Hat(r"google.*(voice.?hat| 0x0001$)"), _VOICE_HAT_CARD),
        Kernel(("googlevoicehat-soundcard",), r"googlevoi"),
    ),
    KnownBoard(
        "aiy-voice-bonnet",
        "Google AIY Voice Bonnet (the second kit, for the Pi Zero)",
        '"Voice Bonnet" printed on it, two microphones on the board itself',
        (
            Hat(r"google.*(voice.?bonnet| 0x0003$)"),
            Chip(0x1A, ("rt5645", "alc5645")),
            Chip(0x52, ("aiy-io-i2c", "aiy-io")),
            Chip(0x31, ("ktd202x", "ktd2026", "ktd2027"), needed=False),
            SoundCard(r"aiy-?voicebonnet", decides=True),
        ),
        Kernel(
            ("aiy-voicebonnet",),
            r"aiy-?voicebonnet",
            source="its driver (aiy-voicebonnet-soundcard-dkms) was made for Raspbian Buster;"
            " nobody maintains it for the kernels of today",
        ),
    ),
    KnownBoard(
        "codec-zero",
        "Raspberry Pi Codec Zero, or IQaudIO's",
        'as small as a Pi Zero, "Codec Zero" printed on it, one microphone',
        (
            Hat(r"codec ?zero"),  # every one has it, so its chip (0x1a as well) is not asked
            SoundCard(r"codec.?zero|iqaudio.?codec", decides=True),
        ),
        Kernel(("rpi-codeczero", "iqaudio-codec"), r"codec.?zero|iqaudio.?codec"),
    ),
    KnownBoard(
        "speakerphone",
        "a USB speakerphone, a headset, or headphones",
        "it takes care of its own echo",
        (Usb(name=r"jabra speak|powerconf|speakerphone|emeet officecore"), Headset()),
    ),
    KnownBoard(
        "plain",
        "parts of your own: a button on GPIO 17, an LED on GPIO 22, any sound card",
        "a button or an LED wired to the pins, or an I2S microphone and amplifier",
        (_VOICE_HAT_CARD,),
    ),
    KnownBoard(
        "none",
        "no board: a computer with a microphone and a loudspeaker, or none at all",
        "loudspeaker and microphone stand apart from one another",
        (Headset(),),
    ),
)


def known(name: str) -> KnownBoard | None:
    return next((board for board in KNOWN if board.name == name), None)


def addresses() -> Iterator[int]:
    """Those that are asked for, and no others."""
    chips = (sign for board in KNOWN for sign in board.signs if isinstance(sign, Chip))
    yield from sorted({chip.address for chip in chips})
