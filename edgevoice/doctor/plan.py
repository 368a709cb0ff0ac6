"""Which checks there are, from the ground up: board, sound, pins, models, clock, network.

What a check looks at is in `checks/`; here stands only what is asked, in which order, and
how long each may take. What a check needs is imported in its own thread and time: nobody who
asks about the disk waits for aiortc.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from edgevoice.config import Config
from edgevoice.config_file import Effective
from edgevoice.doctor.examination import Check
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine

MODELS_S = 20.0
"""A Zero 2 W takes seconds to import onnxruntime alone."""
SOUND_S = 8.0
RELAY_S = 10.0
"""Its models are read from beginning to end."""
SECURITY_S = 8.0
"""aiortc is imported in it."""
NETWORK_S = 20.0
"""Three steps of three seconds, and the media's five: where all of it is dead, and only there."""


def plan(config: Config, machine: Machine, *, relay: bool = False) -> list[Check]:
    """All of them, in the order in which they are told; `relay`: there is one on this machine."""
    return [
        *_ground(config, machine),
        *_senses(config, machine),
        *_programs(config, machine),
        *_ways(config, machine),
        _relay_here(config, machine, relay),
    ]


def security_plan(effective: Effective, machine: Machine) -> list[Check]:
    """What `--security` looks at instead."""
    from edgevoice.doctor.checks import egress, security, unit

    config = effective.config
    about = {"ports": "5.6-1", "telemetry": "6-4", "mute": "5.8-3"}

    def the_unit() -> Iterator[Finding]:
        for name in (unit.DEVICE, unit.RELAY):
            for finding in unit.sandbox(machine, name):
                yield replace(finding, provision="5.6-7")

    def what_leaves() -> Iterator[Finding]:
        for finding in egress.egress(machine, config.control.socket):
            yield replace(finding, provision=about[finding.name])

    return [
        Check("security", lambda: security.security(machine, effective), SECURITY_S),
        Check("TLS", lambda: security.oldest_tls(config), NETWORK_S),
        Check("unit", the_unit),
        Check("privacy", what_leaves),
    ]


def without_configuration(machine: Machine) -> list[Check]:
    """What can be said where the configuration cannot be read."""
    defaults = Config()
    wanted = ("power", "disk", "clock", "unit")
    return [check for check in plan(defaults, machine) if check.subject in wanted]


def subjects_here(machine: Machine) -> Sequence[str]:
    """Nobody listens on a machine that only answers for others; elsewhere everything matters."""
    from edgevoice.doctor.checks import relay_here, unit

    device = unit.properties(machine, unit.DEVICE)
    if device is None or device.get("LoadState") == "loaded" or not relay_here.is_here(machine):
        return ()
    return ("power", "clock", "versions", "relay")


def chosen(checks: Sequence[Check], subjects: Sequence[str]) -> list[Check]:
    return [check for check in checks if not subjects or check.subject in subjects]


def _ground(config: Config, machine: Machine) -> Iterator[Check]:
    def the_board() -> Iterator[Finding]:
        from edgevoice.doctor.checks.board import board

        yield from board(machine, config)

    def the_power() -> Iterator[Finding]:
        from edgevoice.doctor.checks.power import power

        yield from power(machine)

    def the_disk() -> Iterator[Finding]:
        from edgevoice.doctor.checks.storage import storage

        yield from storage(machine, config)

    def the_clock() -> Iterator[Finding]:
        from edgevoice.doctor.checks.clock import clock

        yield from clock(machine)

    yield Check("board", the_board)
    yield Check("power", the_power)
    yield Check("disk", the_disk)
    yield Check("clock", the_clock)


def _senses(config: Config, machine: Machine) -> Iterator[Check]:
    def the_sound() -> Iterator[Finding]:
        """One after the other: PortAudio is one library for all of them."""
        from edgevoice.doctor.checks import hearing, mixer, sound_cards, sound_servers

        cards = list(sound_cards.sound_cards(machine, config))
        yield from cards
        yield from sound_cards.holding(machine, config)
        yield from sound_servers.sound_servers(machine, config)
        yield from mixer.mixer(machine, config)
        missing = [finding.name for finding in cards if finding.level == "fail"]
        yield from hearing.hearing(config, missing=missing)

    def the_pins() -> Iterator[Finding]:
        from edgevoice.doctor.checks import pins

        yield from pins.wires(machine, config)
        yield from pins.pins(config)

    def the_models() -> Iterator[Finding]:
        from edgevoice.doctor.checks import models

        yield models.bytes_of_models(config)
        yield from models.models(config)

    yield Check("sound", the_sound, SOUND_S)
    yield Check("pins", the_pins)
    yield Check("models", the_models, MODELS_S)


def _programs(config: Config, machine: Machine) -> Iterator[Check]:
    socket = config.control.socket

    def the_versions() -> Iterator[Finding]:
        from edgevoice.doctor.checks.versions import versions

        yield from versions(machine, socket)

    def the_unit() -> Iterator[Finding]:
        from edgevoice.doctor.checks import unit

        yield from unit.unit(machine)
        yield from unit.sandbox(machine)

    def the_assistant() -> Iterator[Finding]:
        from edgevoice.doctor.checks.assistant import running
        from edgevoice.doctor.checks.failures import failures

        yield running(config)
        yield from failures(machine, config)

    def the_privacy() -> Iterator[Finding]:
        from edgevoice.doctor.checks.egress import egress

        yield from egress(machine, socket)

    yield Check("versions", the_versions)
    yield Check("unit", the_unit)
    yield Check("assistant", the_assistant)
    yield Check("privacy", the_privacy)


def _ways(config: Config, machine: Machine) -> Iterator[Check]:
    """One for each relay, the one on this board included, where it shows itself."""

    def way(number: int) -> Iterator[Finding]:
        from edgevoice.doctor.checks.network import network, targets

        for target in targets(config)[number : number + 1]:
            yield from network(machine, target)

    for number in range(len(config.link.fallbacks) + 2):
        yield Check("network", partial(way, number), NETWORK_S)


def _relay_here(config: Config, machine: Machine, wanted: bool) -> Check:
    def look() -> Iterator[Finding]:
        from edgevoice.doctor.checks import relay_here, unit

        if not wanted and not relay_here.is_here(machine):
            return
        found = [unit.unit(machine, unit.RELAY), unit.sandbox(machine, unit.RELAY)]
        for finding in (*relay_here.relay_here(machine, config), *found[0], *found[1]):
            yield replace(finding, name=f"relay here, {finding.name}")

    return Check("relay", look, RELAY_S)
