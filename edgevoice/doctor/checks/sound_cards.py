"""The sound cards: whether the configured ones are there, which they are, and who holds them."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgevoice.config import Config
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine
from edgevoice.errors import AudioError
from edgevoice.hardware.sound.cards import cards
from edgevoice.hardware.sound.mixer import card_of
from edgevoice.hardware.sound.portaudio import PORTAUDIO, Direction, SoundSystem
from edgevoice.hardware.sound.sound_names import SERVERS, Found, find

LISTING = "proc/asound/cards"
NO_VOICE = re.compile(r"hdmi|displayport|vc4", re.IGNORECASE)
"""A screen: what most boards take for their default, and where nobody hears anything."""
ALSA_DEFAULTS = ("etc/asound.conf", "var/lib/edgevoice/.asoundrc")

_OURS = re.compile(r"edgevoice(\0|.*\0)run\b")
_SERVER_NAMES = ("pipewire", "wireplumber", "pulseaudio")


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that has a card open, so that nobody else can."""

    card: int
    direction: Direction
    pid: int
    name: str
    is_us: bool

    @property
    def is_sound_server(self) -> bool:
        return self.name.startswith(_SERVER_NAMES)


def sound_cards(
    machine: Machine, config: Config, sound: SoundSystem = PORTAUDIO
) -> Iterator[Finding]:
    """Whether the configured ones are there; nothing is opened."""
    microphone, speaker = config.microphone, config.speaker
    yield from _card(machine, "microphone", microphone.backend, microphone.device, "in", sound)
    yield from _card(machine, "speaker", speaker.backend, speaker.device, "out", sound)
    yield from _rates(machine, config)


def _card(
    machine: Machine,
    name: str,
    backend: str,
    device: str,
    direction: Direction,
    sound: SoundSystem,
) -> Iterator[Finding]:
    if backend != "portaudio":
        what = f"{backend} {device}" if backend == "wav" else backend
        yield Finding("ok", name, f"{what}, no sound card")
        return
    try:
        found = find(sound.devices(), device, direction, machine.path(LISTING))
    except AudioError as error:
        yield Finding("fail", name, str(error), _missing(machine, name))
        return
    if trap := _default_trap(machine, name, device, found):
        yield trap
    else:
        yield Finding("ok", name, found.node or found.device.name)


def _missing(machine: Machine, name: str) -> str:
    known = [f"hw:CARD={card.identity}" for card in cards(machine.path(LISTING))]
    if known:
        return f"plug it in, or choose one with {name}.device ({', '.join(known)})"
    return "plug it in; for a HAT: edgevoice board; who runs this must be in the group audio"


def _default_trap(machine: Machine, name: str, device: str, found: Found) -> Finding | None:
    """`default` is a screen's sound, as on a Pi whose first card is HDMI."""
    if device != "default" or found.node:
        return None
    known = cards(machine.path(LISTING))
    real = found.device.name
    if not NO_VOICE.search(real):
        is_plugin = real in ("default", "sysdefault")
        first = next((card.description for card in known if card.index == 0), "")
        set_up = any(machine.exists(path) for path in ALSA_DEFAULTS)
        if not (is_plugin and NO_VOICE.search(first)) or set_up:
            return None
        real = first.partition("\n")[0]
    better = [card.identity for card in known if not NO_VOICE.search(card.description)]
    wanted = f"hw:CARD={better[0]}" if better else "NAME"
    todo = f"set {name}.device: {wanted} (`edgevoice devices` lists them)"
    return Finding("fail", name, f"default is {real}, a screen", todo)


def _rates(machine: Machine, config: Config) -> Iterator[Finding]:
    """A fixed rate that the card does not have; USB cards say which they have."""
    wanted = config.microphone.rate_hz
    if not wanted or config.microphone.backend != "portaudio":
        return
    card = card_number(machine, config.microphone.device)
    capture = machine.text(f"proc/asound/card{card}/stream0").partition("Capture:")[2]
    rates = {
        int(n) for line in re.findall(r"Rates: (.*)", capture) for n in re.findall(r"\d+", line)
    }
    if rates and wanted not in rates and "continuous" not in capture:
        text = (
            f"microphone.rate_hz is {wanted}, and the card has {', '.join(map(str, sorted(rates)))}"
        )
        yield Finding("fail", "sample rate", text, "set microphone.rate_hz: 0")


def card_number(machine: Machine, device: str) -> int | None:
    """Of the card behind a device name; None where it is no card of the kernel's."""
    known = cards(machine.path(LISTING))
    name = card_of(device, known).removeprefix("hw:")
    if name.isdecimal():
        return int(name)
    return next((card.index for card in known if card.identity == name), None)


def holding(machine: Machine, config: Config) -> Iterator[Finding]:
    """Who has the configured cards; the assistant itself may."""
    held = holders(machine)
    wanted: Sequence[tuple[str, str, str, Direction]] = (
        ("microphone", config.microphone.backend, config.microphone.device, "in"),
        ("speaker", config.speaker.backend, config.speaker.device, "out"),
    )
    for name, backend, device, direction in wanted:
        is_at_server = device.partition(":")[0] in SERVERS
        card = None if is_at_server else card_number(machine, device)
        mine = [h for h in held if h.direction == direction and card in (None, h.card)]
        if backend != "portaudio" or is_at_server:
            continue
        yield from (_held(name, holder) for holder in mine[:1])


def _held(name: str, holder: Holder) -> Finding:
    who = f"held by {holder.name} (pid {holder.pid})"
    if holder.is_us:
        return Finding("ok", f"{name} in use", "held by the assistant")
    if holder.is_sound_server:
        todo = "systemctl --user mask --now pipewire.socket pipewire-pulse.socket pulseaudio.socket"
        text = f"{who}, a sound server that does not share it with a service"
        return Finding("warn", f"{name} in use", text, f"as its user: {todo}")
    text = f"{who}; only one program can have it"
    return Finding("fail", f"{name} in use", text, f"sudo kill {holder.pid}")


def holders(machine: Machine) -> list[Holder]:
    """By what ALSA says; it names the thread that opened the card."""
    found = []
    for path in machine.glob("proc/asound/card*/pcm*/sub*/status"):
        if match := re.search(r"owner_pid\s*: (\d+)", machine.text(machine.name(path))):
            card, pcm = path.parts[-4], path.parts[-3]
            way: Direction = "in" if pcm.endswith("c") else "out"
            found.append(_holder(machine, int(card.removeprefix("card")), way, int(match[1])))
    return found


def _holder(machine: Machine, card: int, direction: Direction, thread: int) -> Holder:
    told = re.search(r"Tgid:\s*(\d+)", machine.text(f"proc/{thread}/status"))
    pid = int(told[1]) if told else thread
    name = machine.text(f"proc/{pid}/comm") or "a program of another user"
    is_us = bool(_OURS.search(machine.text(f"proc/{pid}/cmdline") + "\0"))
    return Holder(card, direction, pid, name, is_us)


def open_by(machine: Machine, pid: int) -> list[str]:
    """Capture devices that a process has open, of /proc/PID/fd; its user and root may look."""
    found = []
    for path in machine.glob(f"proc/{pid}/fd/*"):
        try:
            target = os.readlink(path)
        except OSError:
            continue
        if re.fullmatch(r"/dev/snd/pcmC\d+D\d+c", target):
            found.append(target)
    return found
