"""Button, light, lamps: their wires are there, their user may use them, the pins are free."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from edgevoice.config import Config
from edgevoice.daemon.control import client as control_client
from edgevoice.doctor.checks.assistant import Ask
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine, may_use
from edgevoice.errors import ControlError, GpioError
from edgevoice.hardware.gpio.pins import Pins, find_pins
from edgevoice.hardware.lights.drivers import open_indicator
from edgevoice.hardware.lights.indicator import Indicator
from edgevoice.transceiver.indication import Indication

ON_SPI = ("apa102", "ws2812")
ON_USB = {"xvf3800": "2886:001a", "usb_mic_array": "2886:0018"}
UNWIRED = ("console", "none")
ENABLE = "sudo raspi-config nonint do_{} 0 && sudo reboot"

OpenIndicator = Callable[..., Indicator]


def wires(machine: Machine, config: Config) -> Iterator[Finding]:
    """The device files of what is configured, and whether the assistant's user may use them."""
    if wanted_pins(config):
        yield _bus(machine, "GPIO", "dev/gpiochip*", "gpio", "sudo apt full-upgrade && sudo reboot")
    light = config.indicator
    if light.kind in ON_SPI:
        yield _bus(machine, "SPI", f"dev/spidev{light.spi}", "spi", ENABLE.format("spi"))
    elif light.kind == "ktd2027":
        yield _bus(machine, "I2C", "dev/i2c-1", "i2c", ENABLE.format("i2c"))
    elif light.kind in ON_USB:
        yield _usb(machine, ON_USB[light.kind])


def _usb(machine: Machine, identity: str) -> Finding:
    """The lights of a microphone are reached by the device itself, not by its sound card."""
    for folder in machine.glob("sys/bus/usb/devices/*"):
        at = machine.name(folder)
        if f"{machine.text(f'{at}/idVendor')}:{machine.text(f'{at}/idProduct')}" == identity:
            bus, number = machine.number(f"{at}/busnum"), machine.number(f"{at}/devnum")
            place = f"dev/bus/usb/{bus or 0:03}/{number or 0:03}"
            return _bus(machine, "USB", place, "plugdev", "unplug it and plug it in again")
    return Finding("fail", "USB", f"there is no {identity}", "plug it in, then: lsusb")


def wanted_pins(config: Config) -> list[tuple[str, int]]:
    """Each with what it is for."""
    button = config.button
    named = [
        ("button", button.pin),
        ("louder", button.louder_pin),
        ("softer", button.softer_pin),
        ("mute switch", button.mute_pin),
        *(("knob", pin) for pin in (*config.rotary.pins, config.rotary.press_pin)),
        *(("indicator", pin) for pin in config.indicator.pins),
        ("indicator power", config.indicator.enable_pin),
        ("indicator lamp", config.indicator.lamp_pin),
        *((f"lamp {lamp.name}", lamp.pin) for lamp in config.lamps),
    ]
    return [(name, pin) for name, pin in named if pin is not None]


def _bus(machine: Machine, name: str, pattern: str, group: str, remedy: str) -> Finding:
    there = [path for path in machine.glob(pattern) if path.exists()]
    if not there:
        return Finding("fail", name, f"there is no /{pattern}", remedy)
    user = machine.service_user()
    usable = [path for path in there if may_use(path, user)]
    names = ", ".join(path.name for path in usable)
    if usable:
        return Finding("ok", name, f"{user.name} may use {names}")
    return Finding(
        "fail", name, f"{user.name} may not use /{pattern}", _admit(machine, there, group)
    )


def _admit(machine: Machine, there: Sequence[Path], group: str) -> str:
    """Into the group that has the device, or the one that it should have."""
    groups = machine.groups()
    has = groups.get(there[0].stat().st_gid, "root")
    name = group if has == "root" else has
    user = machine.service_user().name
    return f"sudo adduser {user} {name} && sudo systemctl restart edgevoice (or log in anew)"


def pins(
    config: Config,
    find: Callable[[], Pins] = find_pins,
    ask: Ask = control_client.request,
    make_indicator: OpenIndicator = open_indicator,
) -> Iterator[Finding]:
    """Claims what is configured for a moment, unless the assistant has it."""
    if not wanted_pins(config) and config.indicator.kind in UNWIRED:
        return
    try:
        ask(config.control.socket, "status")
    except ControlError as error:
        if isinstance(error.__cause__, PermissionError):
            return
    else:
        yield Finding("ok", "pins", "the assistant has them")
        return
    try:
        found = find()
    except GpioError as error:
        yield Finding("fail", "pins", str(error), "scripts/setup (installed: sudo scripts/install)")
        return
    yield from _claimed(config, found)
    yield from _light(config, found, make_indicator)


def _claimed(config: Config, found: Pins) -> Iterator[Finding]:
    free = []
    for name, pin in wanted_pins(config):
        if name.startswith(("indicator", "lamp")):
            continue  # an output that is claimed may switch something
        try:
            found.contact(pin, config.button.pull_up, lambda pressed, age_s: None).close()
            free.append(f"{name} {pin}")
        except GpioError as error:
            todo = "gpioinfo | grep -w used shows by whom; or choose another pin in button.pin"
            yield Finding("fail", "pins", str(error), todo)
    used = ", ".join(free) or "no button"
    yield Finding("ok", "pins", f"by {found.name} ({found.why}); {used} can be claimed")


def _light(config: Config, found: Pins, make_indicator: OpenIndicator) -> Iterator[Finding]:
    if config.indicator.kind in UNWIRED:
        return
    todo = "gpioinfo | grep -w used; check indicator.pins with: edgevoice config show"
    try:
        indicator = make_indicator(config.indicator, lambda: found)
    except GpioError as error:
        yield Finding("fail", "light", str(error), todo)
        return
    try:
        indicator.show(Indication.LISTENING)
        works = indicator.works
    finally:
        indicator.close()
    if works:
        yield Finding("ok", "light", f"{config.indicator.kind} was lit for a moment")
    else:
        yield Finding("fail", "light", f"{config.indicator.kind} cannot be lit", todo)
