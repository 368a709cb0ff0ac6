"""The part of the configuration that is about things with wires: sound cards, pins, lights.

Written as in `config.py`, which is where everybody else imports these from.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MicrophoneConfig:
    backend: Literal["portaudio", "wav", "silence"] = "portaudio"
    """Where samples come from: a sound card, a WAV file played once, or silence."""
    device: str = "default"
    """A name that `edgevoice devices` lists, or a part of one (`hw:CARD=seeed`, `pulse:NAME`); or the WAV file's path."""
    rate_hz: Literal[0, 16000, 44100, 48000] = 0
    """Rate the card captures at; 0: 16000 where it can, else its own. Always heard at 16 kHz."""
    channel: int = 1
    """Which of the card's channels is heard, counted from 1."""
    period_ms: Literal[5, 10, 20] = 10
    """Length of the card's blocks: shorter reacts faster, longer is easier on a busy board."""
    gain_db: float = 0.0
    """Added to what the card delivers; `edgevoice doctor --audio` proposes a value."""
    zeros_lost_s: float = 1.0
    """Exact zeros for this long mean that the microphone is dead; 0: never (it gates its noise)."""
    ring_s: float = 30.0
    """How much captured audio is kept in memory; nothing is written to disk."""


@dataclass(frozen=True, slots=True)
class SpeakerConfig:
    backend: Literal["portaudio", "wav", "null"] = "portaudio"
    """Where answers go: a sound card, a WAV file, or nowhere (at the right speed)."""
    device: str = "default"
    """The same for the loudspeaker. One card for both runs on one clock."""
    rate_hz: Literal[16000, 24000, 48000] = 48000
    """Rate at which answers are decoded and played."""
    period_ms: Literal[5, 10, 20] = 10
    """Length of the card's blocks; on one card for both the shorter of the two."""
    volume_percent: int = 70
    """Loudness, 0 to 100, until somebody asks for another, which is remembered."""
    mixer: str = ""
    """Control of the card's own mixer that sets the volume, such as `Speaker`; empty: in software."""
    duck_others: bool = False
    """Lower what other programs play during a conversation (PulseAudio or PipeWire)."""
    dither: bool = False
    """Never play exact zeros: for amplifiers that fall asleep and clip the first syllable."""


@dataclass(frozen=True, slots=True)
class EchoConfig:
    canceller: Literal["software", "hardware", "none"] = "software"
    """What keeps the loudspeaker out of what is heard: edgevoice, the sound card, or nothing."""
    delay_ms: int = 0
    """From playing to hearing it at the earliest; `edgevoice doctor --audio` measures it."""
    tail_ms: int = 200
    """How long the room goes on sounding; longer costs more."""
    noise_suppression: Literal["off", "low", "moderate", "high"] = "off"
    """Takes steady noise off what is sent, if the canceller is software. Never off what the wake word hears."""


@dataclass(frozen=True, slots=True)
class IndicatorConfig:
    kind: Literal[
        "console",
        "led",
        "rgb",
        "apa102",
        "apa102_pins",
        "ws2812",
        "xvf3800",
        "usb_mic_array",
        "ktd2027",
        "none",
    ] = "console"
    """What shows the state: lines on the console, one LED or an RGB LED on pins, a chain of APA102 (DotStar) on SPI or on two pins, WS2812 (NeoPixel) on SPI, the ring of a reSpeaker XVF3800 or USB Mic Array, the LED of an AIY Voice Bonnet, or nothing."""
    count: int = 0
    """How many LEDs a chain has (`apa102`, `apa102_pins`, `ws2812`); the other kinds know."""
    pins: tuple[int, ...] = ()
    """BCM numbers: one for `led`; red, green and blue for `rgb`; data and clock for `apa102_pins`."""
    spi: str = "0.0"
    """Bus and chip select of `apa102` and `ws2812`: 0.1 is /dev/spidev0.1."""
    ws2812_khz: Literal[2400, 3200, 6400] = 2400
    """Clock of SPI for `ws2812`; another one helps where colours are wrong."""
    enable_pin: int | None = None
    """BCM number of a pin that must be high for the LEDs to have power; none: no such pin."""
    lamp_pin: int | None = None
    """BCM number of a lamp, in the button say, that shows the same; none: no such lamp."""
    brightness_percent: int = 60
    """Of all the light the LEDs can give. Mute and an open gate never go quite dark."""
    palette: Literal["default", "high-contrast", "warm", "single"] = "default"
    """Colours: default (safe for the colour-blind), the same purer and brighter, without blue for bedrooms, or white alone, told apart by motion."""
    night_from: str = ""
    """Local time, such as 22:00, from which the light is dimmer; empty: never."""
    night_until: str = ""
    """Local time until which it is."""
    night_brightness_percent: int = 10
    """Brightness in the night."""
    required: bool = False
    """Refuse to send audio when the indicator does not work."""


@dataclass(frozen=True, slots=True)
class LampConfig:
    name: str = "lamp"
    """What it is called when spoken to."""
    pin: int = 22
    """BCM number of the output pin."""
    active_high: bool = True
    """A high level switches it on."""
