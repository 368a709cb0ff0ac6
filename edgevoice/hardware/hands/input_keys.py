"""Keys of other devices, as the kernel reports them: a speakerphone's volume, a remote's.

Read from /dev/input with the standard library: each event is one `struct input_event`
of <linux/input.h>, and a device is known by its name in /sys/class/input. It may come
and go: who is not there is looked for every few seconds.

The device is not grabbed: a desktop on the same machine hears its keys as well.
"""

import asyncio
import errno
import logging
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

log = logging.getLogger(__name__)

EVENT = struct.Struct("@llHHi")
"""Seconds, microseconds, type, code, value. On 64 bits as in <linux/input.h>; nothing
else has wheels."""

EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
"""The kernel had to drop events: a key may be up by now without our having been told."""

KEYS = {
    113: "mute",  # KEY_MUTE
    114: "softer",  # KEY_VOLUMEDOWN
    115: "louder",  # KEY_VOLUMEUP
    164: "talk",  # KEY_PLAYPAUSE
    166: "stop",  # KEY_STOPCD
    169: "talk",  # KEY_PHONE: call and hang up
    248: "mute",  # KEY_MICMUTE
    582: "talk",  # KEY_VOICECOMMAND
    583: "talk",  # KEY_ASSISTANT
}
"""By their codes in <linux/input-event-codes.h>."""

ALL_UP = [(key, False) for key in sorted(set(KEYS.values()))]

LOOK_AGAIN_S = 5.0
MOST_EVENTS = 64
"""Read at once; the kernel keeps about as many for a reader."""

INPUTS = Path("/sys/class/input")
DEVICES = Path("/dev/input")

OnKey = Callable[[str, bool], object]
"""What the key stands for, and whether it went down."""


class InputKeys:
    """Obeys every device whose name has `name` in it; none with an empty name."""

    def __init__(
        self, name: str, on_key: OnKey, inputs: Path = INPUTS, devices: Path = DEVICES
    ) -> None:
        self._name = name
        self._on_key = on_key
        self._inputs = inputs
        self._devices = devices
        self._open: dict[Path, int] = {}
        self._complained = False

    async def run(self) -> None:
        if not self._name:
            return
        try:
            while True:
                for path, name in self._matching():
                    if path not in self._open:
                        self._begin(path, name)
                await asyncio.sleep(LOOK_AGAIN_S)
        finally:
            for path in list(self._open):
                self._end(path)

    def _matching(self) -> Iterator[tuple[Path, str]]:
        for folder in sorted(self._inputs.glob("event*")):
            try:
                name = (folder / "device" / "name").read_text(errors="replace").strip()
            except OSError:
                continue  # unplugged this moment
            if self._name.casefold() in name.casefold():
                yield self._devices / folder.name, name

    def _begin(self, path: Path, name: str) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._complain(path, error)
            return
        self._complained = False
        self._open[path] = descriptor
        asyncio.get_running_loop().add_reader(descriptor, self._readable, path)
        log.info('keys of "%s" are obeyed (%s)', name, path)

    def _complain(self, path: Path, error: OSError) -> None:
        if not self._complained:
            denied = error.errno in (errno.EACCES, errno.EPERM)
            remedy = "; put the user into the group input" if denied else ""
            log.warning("keys of %s are not heard: %s%s", path, error.strerror, remedy)
        self._complained = True

    def _readable(self, path: Path) -> None:
        try:
            data = os.read(self._open[path], EVENT.size * MOST_EVENTS)
        except BlockingIOError:
            return
        except OSError as error:
            data = b""
            log.info("keys of %s are gone: %s", path, error.strerror)
        if not data:
            self._end(path)
            return
        for key, is_down in pressed(data):
            self._on_key(key, is_down)

    def _end(self, path: Path) -> None:
        """Whoever held a key of it does not any more."""
        descriptor = self._open.pop(path)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        for key, is_down in ALL_UP:
            self._on_key(key, is_down)


def pressed(data: bytes) -> Iterator[tuple[str, bool]]:
    """The keys we know in what was read; their own repetition (value 2) is left out."""
    whole = len(data) - len(data) % EVENT.size
    for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
        if (kind, code) == (EV_SYN, SYN_DROPPED):
            yield from ALL_UP
        elif kind == EV_KEY and code in KEYS and value in (0, 1):
            yield KEYS[code], bool(value)
