"""libasound's mixer as far as `alsa.py` calls it: cards with controls that can be looked at."""

import errno
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FakeControl:
    name: str
    index: int = 0
    raw_range: tuple[int, int] = (0, 100)
    db_range: tuple[int, int] | None = None
    """Hundredths of a decibel, over evenly spaced steps."""
    has_volume: bool = True
    has_switch: bool = False
    raw: int = 0
    is_on: bool = False
    captures: bool = False
    """It sets what is heard, and nothing that is played."""

    @property
    def db(self) -> float:
        assert self.db_range is not None
        low, high = self.db_range
        return (low + (high - low) * self._part(self.raw)) / 100

    def _part(self, raw: int) -> float:
        low, high = self.raw_range
        return (raw - low) / (high - low)


@dataclass
class FakeAlsa:
    """Handles are small numbers. What is attached and not closed is in `open`."""

    cards: dict[str, list[FakeControl]]
    open: dict[int, str | None] = field(default_factory=dict)
    opened: int = 0
    broken: bool = False
    """The card was pulled out after it was opened."""

    def snd_strerror(self, code: int) -> bytes:
        return {-errno.ENOENT: b"No such file", -errno.ENODEV: b"No such device"}[code]

    def snd_mixer_open(self, mixer: Any, _mode: int) -> int:
        self.opened += 1
        mixer._obj.value = self.opened
        self.open[self.opened] = None
        return 0

    def snd_mixer_attach(self, mixer: Any, name: bytes) -> int:
        if name.decode() not in self.cards:
            return -errno.ENOENT
        self.open[mixer.value] = name.decode()
        return 0

    def snd_mixer_selem_register(self, mixer: Any, _options: None, _class: None) -> int:
        return 0

    def snd_mixer_load(self, mixer: Any) -> int:
        return 0

    def snd_mixer_close(self, mixer: Any) -> int:
        del self.open[mixer.value]
        return 0

    def snd_mixer_first_elem(self, mixer: Any) -> int:
        """An element is its card's number times 100, and its place from 1; 0 is none."""
        card = list(self.cards).index(self.open[mixer.value] or "")
        return card * 100 + 1 if list(self.cards.values())[card] else 0

    def snd_mixer_elem_next(self, element: int) -> int:
        controls = list(self.cards.values())[element // 100]
        return element + 1 if element % 100 < len(controls) else 0

    def _at(self, element: int) -> FakeControl:
        assert any(self.open.values()), "used after the mixer was closed"
        return list(self.cards.values())[element // 100][element % 100 - 1]

    def snd_mixer_selem_get_name(self, element: int) -> bytes:
        return self._at(element).name.encode()

    def snd_mixer_selem_get_index(self, element: int) -> int:
        return self._at(element).index

    def snd_mixer_selem_has_playback_volume(self, element: int) -> int:
        return int(self._at(element).has_volume and not self._at(element).captures)

    def snd_mixer_selem_has_capture_volume(self, element: int) -> int:
        return int(self._at(element).has_volume and self._at(element).captures)

    def snd_mixer_selem_has_capture_switch(self, element: int) -> int:
        return int(self._at(element).has_switch)

    def snd_mixer_selem_get_playback_volume(self, element: int, _channel: int, value: Any) -> int:
        value._obj.value = self._at(element).raw
        return 0

    def snd_mixer_selem_get_playback_switch(self, element: int, _channel: int, value: Any) -> int:
        value._obj.value = int(self._at(element).is_on)
        return 0

    def snd_mixer_selem_has_playback_switch(self, element: int) -> int:
        return int(self._at(element).has_switch)

    def snd_mixer_selem_set_playback_switch_all(self, element: int, value: int) -> int:
        self._at(element).is_on = bool(value)
        return 0

    def snd_mixer_selem_get_playback_volume_range(self, element: int, low: Any, high: Any) -> int:
        low._obj.value, high._obj.value = self._at(element).raw_range
        return 0

    def snd_mixer_selem_set_playback_volume_all(self, element: int, value: int) -> int:
        control = self._at(element)
        if self.broken:
            return -errno.ENODEV
        assert control.raw_range[0] <= value <= control.raw_range[1]
        control.raw = value
        return 0

    def snd_mixer_selem_get_playback_dB_range(self, element: int, low: Any, high: Any) -> int:
        db_range = self._at(element).db_range
        if db_range is None:
            return -errno.ENOENT
        low._obj.value, high._obj.value = db_range
        return 0

    def snd_mixer_selem_set_playback_dB_all(self, element: int, value: int, way: int) -> int:
        control = self._at(element)
        if self.broken or control.db_range is None:
            return -errno.ENODEV
        (low, high), (first, last) = control.db_range, control.raw_range
        assert low <= value <= high
        steps = (value - low) * (last - first) / (high - low)
        control.raw = first + (-int(-steps // 1) if way > 0 else int(steps // 1))
        return 0

    snd_mixer_selem_get_capture_volume = snd_mixer_selem_get_playback_volume
    snd_mixer_selem_get_capture_switch = snd_mixer_selem_get_playback_switch
    snd_mixer_selem_get_capture_volume_range = snd_mixer_selem_get_playback_volume_range
