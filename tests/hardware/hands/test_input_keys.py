"""Keys as the kernel reports them: bytes, names, devices that come and go."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.hardware.hands.input_keys import EVENT, LOOK_AGAIN_S, InputKeys, pressed
from tests.virtual_time import elapse

KEY, SYN = 1, 0
UP, DOWN, AGAIN = 0, 1, 2
VOLUME_UP, MUTE, LETTER_A = 115, 113, 30


def event(kind: int, code: int, value: int) -> bytes:
    return EVENT.pack(0, 0, kind, code, value)


class Machine:
    """Its /sys/class/input and /dev/input; a device is a pipe."""

    def __init__(self, folder: Path) -> None:
        self.inputs, self.devices = folder / "class", folder / "dev"
        self.devices.mkdir()
        self.told: list[tuple[str, bool]] = []

    def keys(self, name: str) -> InputKeys:
        return InputKeys(name, lambda *key: self.told.append(key), self.inputs, self.devices)

    def plug_in(self, number: int, name: str) -> int:
        """The other end of the device."""
        described = self.inputs / f"event{number}" / "device"
        described.mkdir(parents=True, exist_ok=True)
        (described / "name").write_text(f"{name}\n")
        device = self.devices / f"event{number}"
        if not device.exists():
            os.mkfifo(device)
        return os.open(device, os.O_RDWR)

    @asynccontextmanager
    async def listening(self, name: str) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.keys(name).run())
        await elapse(0.1)
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_an_event_has_the_size_that_64_bit_kernels_write() -> None:
    assert EVENT.size == 24


def test_known_keys_are_told_down_and_up_but_not_again() -> None:
    data = event(KEY, VOLUME_UP, DOWN) + event(SYN, 0, 0) + event(KEY, VOLUME_UP, AGAIN)
    data += event(KEY, VOLUME_UP, UP) + event(KEY, LETTER_A, DOWN)
    assert list(pressed(data)) == [("louder", True), ("louder", False)]


def test_after_events_were_dropped_no_key_is_held() -> None:
    data = event(KEY, VOLUME_UP, DOWN) + event(SYN, 3, 0)
    assert ("louder", False) in list(pressed(data))[1:]


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(data: bytes) -> None:
    assert all(key in ("louder", "softer", "mute", "talk", "stop") for key, _ in pressed(data))


async def test_the_device_with_the_name_is_obeyed_and_no_other(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    jabra, keyboard = machine.plug_in(0, "Jabra SPEAK 510 USB"), machine.plug_in(1, "A keyboard")
    async with machine.listening("jabra speak"):
        os.write(keyboard, event(KEY, MUTE, DOWN))
        os.write(jabra, event(KEY, VOLUME_UP, DOWN))
        await elapse(0.1)
        assert machine.told == [("louder", True)]
    os.close(jabra)
    os.close(keyboard)


async def test_one_that_is_plugged_in_later_is_found(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    async with machine.listening("Jabra"):
        jabra = machine.plug_in(3, "Jabra")
        await elapse(LOOK_AGAIN_S + 0.1)
        os.write(jabra, event(KEY, MUTE, DOWN))
        await elapse(0.1)
        assert machine.told == [("mute", True)]
    os.close(jabra)


async def test_one_that_is_unplugged_is_let_go_and_looked_for(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    jabra = machine.plug_in(0, "Jabra")
    async with machine.listening("Jabra"):
        os.write(jabra, event(KEY, VOLUME_UP, DOWN))
        await elapse(0.1)
        os.close(jabra)
        await elapse(0.1)
        assert machine.told[0] == ("louder", True)
        assert ("louder", False) in machine.told
        machine.told.clear()
        jabra = machine.plug_in(0, "Jabra")
        await elapse(LOOK_AGAIN_S + 0.1)
        os.write(jabra, event(KEY, MUTE, DOWN))
        await elapse(0.1)
        assert machine.told == [("mute", True)]
    os.close(jabra)


async def test_one_that_cannot_be_opened_is_complained_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(tmp_path)
    os.close(machine.plug_in(0, "Jabra"))
    (machine.devices / "event0").unlink()
    async with machine.listening("Jabra"):
        await elapse(60)
    assert len(caplog.records) == 1
    assert "No such file" in caplog.text


async def test_without_a_name_nothing_is_looked_at(tmp_path: Path) -> None:
    await Machine(tmp_path).keys("").run()
