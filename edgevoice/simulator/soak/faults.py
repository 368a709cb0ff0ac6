"""How each fault of the schedule is produced, for real, and made good again."""

import asyncio
import random
import signal
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress

from edgevoice.errors import ControlError
from edgevoice.simulator.soak import hostile
from edgevoice.simulator.soak.figures import udp_ports
from edgevoice.simulator.soak.house import FOLLOW_UP_S, House

Fault = Callable[[House, random.Random], Awaitable[str]]
"""Returns when it is over, with what is worth a note."""

UNPLUGGED_S = 1.5
READ_S = 0.5
"""A configuration has been read by then, and refused."""


async def produce(name: str, house: House, chance: random.Random, *, isolated: bool) -> str:
    """`isolated`: loopback is our own, and may be taken down."""
    match name.split():
        case ["link", "cut", "for", seconds, "s"] if isolated:
            return await _cut(float(seconds))
        case ["link", "cut", "for", seconds, "s"]:
            return await _hang(house, float(seconds))
    return await FAULTS[name](house, chance)


async def _cut(seconds: float) -> str:
    """The interface itself: nothing passes, and the kernel says so to whoever listens."""
    _loopback("down")
    try:
        await asyncio.sleep(seconds)
    finally:
        _loopback("up")
    return ""


def _loopback(state: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


async def _hang(house: House, seconds: float) -> str:
    house.signal(signal.SIGSTOP, relay=True)
    try:
        await asyncio.sleep(seconds)
    finally:
        house.signal(signal.SIGCONT, relay=True)
    return "the relay was stopped for so long"


async def _relay_hung(house: House, chance: random.Random) -> str:
    return await _hang(house, 1.0)


async def _relay_killed(house: House, chance: random.Random) -> str:
    await house.stop_relay(kill=True)
    await house.start_relay()
    return ""


async def _relay_restarted(house: House, chance: random.Random) -> str:
    await house.stop_relay(kill=False)
    await house.start_relay()
    return ""


async def _microphone_lost(house: House, chance: random.Random) -> str:
    return await _unplug(house, "microphone")


async def _speaker_lost(house: House, chance: random.Random) -> str:
    return await _unplug(house, "speaker")


async def _unplug(house: House, what: str) -> str:
    await house.order(f"unplug {what}")
    await asyncio.sleep(UNPLUGGED_S)
    await house.order(f"plug_in {what}")
    return ""


async def _device_reloaded(house: House, chance: random.Random) -> str:
    """With a setting that takes another device to be taken up."""
    house.follow_up_s = FOLLOW_UP_S + 0.1 if house.follow_up_s == FOLLOW_UP_S else FOLLOW_UP_S
    house.configure()
    with suppress(ControlError):
        await house.reload_device()
    return ""


async def _relay_reloaded(house: House, chance: random.Random) -> str:
    house.reload_relay()
    await asyncio.sleep(READ_S)
    return ""


async def _bad_configuration(house: House, chance: random.Random) -> str:
    """Both go on as they were."""
    house.spoil()
    try:
        house.signal(signal.SIGHUP, relay=False)
        house.reload_relay()
        await asyncio.sleep(READ_S)
    finally:
        house.configure()
    return ""


async def _hostile_events(house: House, chance: random.Random) -> str:
    return await hostile.send_events(house.url, house.stranger)


async def _hostile_requests(house: House, chance: random.Random) -> str:
    return await hostile.send_requests(house.url, house.stranger)


async def _stray_datagrams(house: House, chance: random.Random) -> str:
    pids = [pid for pid in (house.relay_pid, house.device_pid) if pid]
    ports = [port for pid in pids for port in udp_ports(pid)]
    return await asyncio.to_thread(hostile.send_datagrams, ports, chance)


FAULTS: dict[str, Fault] = {
    "relay hung for 1 s": _relay_hung,
    "relay killed": _relay_killed,
    "relay restarted": _relay_restarted,
    "microphone lost": _microphone_lost,
    "speaker lost": _speaker_lost,
    "device reloaded": _device_reloaded,
    "relay reloaded": _relay_reloaded,
    "bad configuration": _bad_configuration,
    "hostile events": _hostile_events,
    "hostile requests": _hostile_requests,
    "stray datagrams": _stray_datagrams,
}
