"""What the board runs on: voltage, heat, the processor's pace, memory."""

from collections.abc import Iterator

from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
UNDERVOLTED, SLOWED, HOT = 0x1, 0x6, 0x8
"""Bits of the firmware's word; 16 bits further up: since the board was started."""
SINCE_START = 16

HOT_C, WARM_C = 80.0, 70.0
"""A Pi slows down at 80 °C, and at 85 °C to a crawl."""
LITTLE_MB, VERY_LITTLE_MB = 150, 60

SUPPLY = "use the board's own power supply and a short cable"


def power(machine: Machine) -> Iterator[Finding]:
    word = throttled(machine)
    if word is not None:
        yield _supply(word)
    if (celsius := temperature(machine)) is not None:
        yield _heat(celsius)
    governor = machine.text("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor == "powersave":
        todo = (
            "echo ondemand | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor;"
            " with no such governor: schedutil"
        )
        yield Finding("warn", "processor", "is kept at its lowest clock (powersave)", todo)
    yield from _memory(machine)


def throttled(machine: Machine) -> int | None:
    """The firmware's word; None where there is none, as on everything but a Raspberry Pi."""
    said = machine.text(THROTTLED)
    if not said and (told := machine.run("vcgencmd", "get_throttled")) and not told.status:
        said = told.text.strip().removeprefix("throttled=")
    try:
        return int(said.removeprefix("0x"), 16) if said else None
    except ValueError:
        return None


def _supply(word: int) -> Finding:
    if word & UNDERVOLTED:
        text = "the voltage is too low right now: the processor is slowed and sound breaks up"
        return Finding("fail", "power", text, f"{SUPPLY}, then: sudo reboot")
    if word & (SLOWED | HOT):
        return Finding("warn", "power", "the processor is slowed down right now", "cool the board")
    before = word >> SINCE_START
    if before & UNDERVOLTED:
        return Finding("warn", "power", "the voltage was too low since the start", SUPPLY)
    if before & (SLOWED | HOT):
        text = "the processor was slowed down since the start, by heat"
        return Finding("warn", "power", text, "give the board air, or a heat sink")
    return Finding("ok", "power", "enough voltage, nothing slowed down since the start")


def temperature(machine: Machine) -> float | None:
    """The hottest zone's."""
    zones = [
        machine.number(machine.name(path))
        for path in machine.glob("sys/class/thermal/thermal_zone*/temp")
    ]
    known = [zone / 1000 for zone in zones if zone is not None]
    return max(known) if known else None


def _heat(celsius: float) -> Finding:
    text = f"{celsius:.0f} °C"
    if celsius >= HOT_C:
        todo = "give it air now, or stop it until it is cool: sudo systemctl stop edgevoice"
        return Finding("fail", "temperature", f"{text}: the processor slows down", todo)
    if celsius >= WARM_C:
        return Finding("warn", "temperature", text, "give the board air, or a heat sink")
    return Finding("ok", "temperature", text)


def _memory(machine: Machine) -> Iterator[Finding]:
    values = {}
    for line in machine.text("proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        if rest.split():
            values[name] = int(rest.split()[0]) // 1024
    if "MemAvailable" not in values:
        return
    free, total = values["MemAvailable"], values.get("MemTotal", 0)
    text = f"{free} of {total} MB are free"
    if free < VERY_LITTLE_MB:
        todo = "see what uses it (`ps -eo rss,comm --sort=-rss | head`) and stop that"
        yield Finding("fail", "memory", text, todo)
    elif free < LITTLE_MB:
        yield Finding("warn", "memory", text, "`ps -eo rss,comm --sort=-rss | head` shows by whom")
    else:
        yield Finding("ok", "memory", text)
