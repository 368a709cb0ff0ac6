"""A sound card's own mixer, through libasound by ctypes: the only caller of `snd_mixer_*`.

What a control is set to, and which one, is decided in `mixer.py`. Everything here
blocks: a USB card answers within milliseconds, or, when it hangs, after seconds.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_int, c_long, c_void_p
from dataclasses import dataclass
from typing import Any, Literal

from edgevoice.errors import AudioError

Way = Literal["playback", "capture"]
WAYS: tuple[Way, ...] = ("playback", "capture")

_UP = 1
"""Of two steps of the card, take the louder one: the lowest one is often silence."""

_FIRST_CHANNEL = 0

_TYPES: dict[str, tuple[Any, list[Any]]] = {
    "snd_mixer_open": (c_int, [c_void_p, c_int]),
    "snd_mixer_attach": (c_int, [c_void_p, c_char_p]),
    "snd_mixer_selem_register": (c_int, [c_void_p, c_void_p, c_void_p]),
    "snd_mixer_load": (c_int, [c_void_p]),
    "snd_mixer_close": (c_int, [c_void_p]),
    "snd_mixer_first_elem": (c_void_p, [c_void_p]),
    "snd_mixer_elem_next": (c_void_p, [c_void_p]),
    "snd_mixer_selem_get_name": (c_char_p, [c_void_p]),
    "snd_mixer_selem_get_index": (ctypes.c_uint, [c_void_p]),
    "snd_mixer_selem_has_playback_volume": (c_int, [c_void_p]),
    "snd_mixer_selem_has_playback_switch": (c_int, [c_void_p]),
    "snd_mixer_selem_set_playback_switch_all": (c_int, [c_void_p, c_int]),
    "snd_mixer_selem_get_playback_volume_range": (c_int, [c_void_p, c_void_p, c_void_p]),
    "snd_mixer_selem_set_playback_volume_all": (c_int, [c_void_p, c_long]),
    "snd_mixer_selem_get_playback_dB_range": (c_int, [c_void_p, c_void_p, c_void_p]),
    "snd_mixer_selem_set_playback_dB_all": (c_int, [c_void_p, c_long, c_int]),
    "snd_mixer_selem_get_playback_volume": (c_int, [c_void_p, c_int, c_void_p]),
    "snd_mixer_selem_get_playback_switch": (c_int, [c_void_p, c_int, c_void_p]),
    "snd_mixer_selem_has_capture_volume": (c_int, [c_void_p]),
    "snd_mixer_selem_has_capture_switch": (c_int, [c_void_p]),
    "snd_mixer_selem_get_capture_volume_range": (c_int, [c_void_p, c_void_p, c_void_p]),
    "snd_mixer_selem_get_capture_volume": (c_int, [c_void_p, c_int, c_void_p]),
    "snd_mixer_selem_get_capture_switch": (c_int, [c_void_p, c_int, c_void_p]),
    "snd_strerror": (c_char_p, [c_int]),
}


def libasound() -> Any:
    """The library with its functions declared; AudioError where there is none."""
    try:
        library = ctypes.CDLL("libasound.so.2")
        for name, (result, arguments) in _TYPES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise AudioError(f"{error}; run: sudo apt install libasound2") from error
    return library


class Control:
    """One control that sets a loudness. Valid while its mixer is open."""

    def __init__(self, library: Any, element: Any) -> None:
        self._library = library
        self._element = element
        index = library.snd_mixer_selem_get_index(element)
        plain = library.snd_mixer_selem_get_name(element).decode(errors="replace")
        self.name: str = f"{plain},{index}" if index else plain

    @property
    def raw_range(self) -> tuple[int, int]:
        """In steps of the card."""
        return self._range("volume")

    @property
    def db_range(self) -> tuple[float, float] | None:
        """Where the card says what its steps mean."""
        try:
            low, high = self._range("dB")
        except AudioError:
            return None
        return (low / 100, high / 100) if low < high else None

    def set_raw(self, value: int) -> None:
        self._do("snd_mixer_selem_set_playback_volume_all", value)

    def set_db(self, decibels: float) -> None:
        self._do("snd_mixer_selem_set_playback_dB_all", round(decibels * 100), _UP)

    def switch_on(self) -> None:
        """Many cards begin with their outputs switched off."""
        if self._library.snd_mixer_selem_has_playback_switch(self._element):
            self._do("snd_mixer_selem_set_playback_switch_all", 1)

    def _range(self, unit: str) -> tuple[int, int]:
        low, high = c_long(), c_long()
        self._do(f"snd_mixer_selem_get_playback_{unit}_range", byref(low), byref(high))
        return low.value, high.value

    def _do(self, function: str, *arguments: Any) -> None:
        result = getattr(self._library, function)(self._element, *arguments)
        _check(self._library, result, f'the control "{self.name}" does not work')


@dataclass(frozen=True, slots=True)
class Level:
    """How a control is set: its volume from 0 to 1, and its switch, on where it has none."""

    name: str
    way: Way
    share: float
    is_on: bool


@contextmanager
def controls(library: Any, card: str) -> Iterator[list[Control]]:
    """What sets the loudness of a card (`hw:1`, `default`, `pulse`), while it is open."""
    with _mixer(library, card) as mixer:
        yield [
            Control(library, element)
            for element in _elements(library, mixer)
            if library.snd_mixer_selem_has_playback_volume(element)
        ]


@contextmanager
def _mixer(library: Any, card: str) -> Iterator[c_void_p]:
    mixer = c_void_p()
    trouble = f'the mixer of "{card}" cannot be opened'
    _check(library, library.snd_mixer_open(byref(mixer), 0), trouble)
    try:
        _check(library, library.snd_mixer_attach(mixer, card.encode()), trouble)
        _check(library, library.snd_mixer_selem_register(mixer, None, None), trouble)
        _check(library, library.snd_mixer_load(mixer), trouble)
        yield mixer
    finally:
        library.snd_mixer_close(mixer)


def levels(library: Any, card: str) -> list[Level]:
    """How every control of a card is set, for both directions. AudioError where that fails."""
    found = []
    with _mixer(library, card) as mixer:
        for element in _elements(library, mixer):
            for way in WAYS:
                if getattr(library, f"snd_mixer_selem_has_{way}_volume")(element):
                    found.append(_level(library, element, way))
    return found


def _level(library: Any, element: int, way: Way) -> Level:
    control = Control(library, element)
    low, high, value, switch = c_long(), c_long(), c_long(), c_int(1)
    does = f"snd_mixer_selem_get_{way}"
    getattr(library, f"{does}_volume_range")(element, byref(low), byref(high))
    getattr(library, f"{does}_volume")(element, _FIRST_CHANNEL, byref(value))
    if getattr(library, f"snd_mixer_selem_has_{way}_switch")(element):
        getattr(library, f"{does}_switch")(element, _FIRST_CHANNEL, byref(switch))
    steps = max(1, high.value - low.value)
    return Level(control.name, way, (value.value - low.value) / steps, bool(switch.value))


def _elements(library: Any, mixer: c_void_p) -> Iterator[int]:
    element = library.snd_mixer_first_elem(mixer)
    while element:
        yield element
        element = library.snd_mixer_elem_next(element)


def _check(library: Any, result: int, trouble: str) -> None:
    if result < 0:
        reason = library.snd_strerror(result).decode(errors="replace")
        raise AudioError(f"{trouble} ({reason})")
