"""What goes into a bundle, sheet by sheet. Everything in it is chosen here; nothing is copied.

Not in it, ever: sound, words, conversations, keys, tokens, the tokens file, the store, flight
records, the privacy log, the configuration's own files.
"""

import json
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib import metadata
from typing import Any

from yarl import URL

from edgevoice import __version__
from edgevoice.config import Config
from edgevoice.daemon.diary import turn_history
from edgevoice.daemon.diary.bare_settings import bare
from edgevoice.daemon.diary.legs import LEGS, WAIT
from edgevoice.daemon.diary.waterfall import SampleCounts, TurnReport
from edgevoice.doctor.bundle import journal
from edgevoice.doctor.bundle.redaction import MARK, Redactor
from edgevoice.doctor.checks import failures
from edgevoice.doctor.checks.assistant import Ask
from edgevoice.doctor.checks.board import find_board
from edgevoice.doctor.checks.unit import DEVICE, RELAY
from edgevoice.doctor.machine import Machine
from edgevoice.errors import ControlError
from edgevoice.transceiver.actions import Stage

TURNS = 20
LINES = 400
KERNEL_LINES = 200

UNIT_FIELDS = (
    "LoadState", "UnitFileState", "ActiveState", "SubState", "Result", "NRestarts", "MemoryCurrent",
    "MemoryPeak", "MemoryMax", "CPUUsageNSec", "TasksCurrent", "ExecMainStatus", "ExecMainCode",
)  # fmt: skip
_TURN_KEYS = frozenset(
    {
        "turns", "turn", "usual", "kept", "p50_s", "p95_s", "lost",
        *(leg.name for leg in (*LEGS, WAIT)),
        *(stage.value for stage in Stage),
        *(field.name for field in fields(TurnReport)),
        *(field.name for field in fields(SampleCounts)),
    }
)  # fmt: skip
_KERNEL = re.compile(
    r"\b(snd|sound|alsa|asoc|usb|i2c|spi|gpio|mmc|ext4|seeed|wm8960|tlv320|voltage|throttl)",
    re.IGNORECASE,
)
_SAYS_WHOSE = re.compile(r"SerialNumber|Product:|Manufacturer:|input:|hid-generic", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    text: str


def sheets(
    machine: Machine, config: Config | None, report: Mapping[str, Any], ask: Ask
) -> list[Sheet]:
    """Redacted, in the order in which they are shown. `report`: what the doctor has found."""
    cleaner = Redactor(names(machine, config))
    made: list[tuple[str, str]] = [
        ("doctor.json", _json(_without_quotes(report))),
        ("versions.json", _json(_versions(machine))),
        ("units.json", _json({name: _unit(machine, name) for name in (DEVICE, RELAY)})),
        ("board.json", _json(_board(machine))),
        ("kernel.txt", "\n".join(_kernel(machine))),
        ("journal-edgevoice.txt", "\n".join(_journal(machine, DEVICE))),
        ("journal-edgevoice-relay.txt", "\n".join(_journal(machine, RELAY))),
    ]
    if config is not None:
        made.insert(1, ("settings.json", _json(bare(config))))
        made.append(("turns.json", _json(_turns(machine, config, ask))))
        failed = failures.told(machine, config)
        made.append(("failures.json", _json(failed) if failed else ""))
    return [Sheet(name, cleaner.clean(text) + "\n") for name, text in made if text]


def names(machine: Machine, config: Config | None) -> set[str]:
    """What this machine, its people, its networks and its relays are called."""
    found = {machine.text("etc/hostname"), machine.text("proc/sys/kernel/hostname")}
    for line in machine.text("etc/passwd").splitlines():
        name, *rest = line.split(":")
        if len(rest) > 3 and rest[1].isdecimal() and 1_000 <= int(rest[1]) < 60_000:
            found |= {name, *rest[3].split(",")}
    for path in machine.glob("etc/NetworkManager/system-connections/*"):
        found.add(path.name.removesuffix(".nmconnection"))
    for told in (machine.run("iwgetid", "-r"), machine.run("hostname", "-A")):
        found |= set(told.text.split("\n")) if told is not None else set()
    return {name.strip() for name in found | (_configured(config) if config else set())}


def _configured(config: Config) -> set[str]:
    link, relay, mqtt = config.link, config.relay, config.neighbours.mqtt
    urls = [link.url, *(other.url for other in link.fallbacks), mqtt.url, relay.upstream.url]
    hosts = {URL(url).host or "" for url in urls if url}
    others = {relay.host, relay.media_host, mqtt.name, mqtt.username}
    things = {lamp.name for lamp in config.lamps} | {server.name for server in relay.mcp.servers}
    return (hosts | others | things) - {"127.0.0.1", "0.0.0.0", "localhost", "lamp", "::1", "::"}


def _json(value: Any) -> str:
    return json.dumps(value, indent=1)


def _without_quotes(report: Mapping[str, Any]) -> dict[str, Any]:
    """Findings quote names and values, which may be anything."""
    findings = [
        {**finding, **{key: _QUOTED.sub(f'"{MARK}"', finding[key]) for key in ("text", "todo")}}
        for finding in report.get("findings", [])
    ]
    return {"ok": report.get("ok"), "findings": findings}


def _versions(machine: Machine) -> dict[str, Any]:
    packages = {str(one.name): one.version for one in metadata.distributions()}
    system = machine.text("etc/os-release")
    pretty = re.search(r'PRETTY_NAME="([^"]*)"', system)
    return {
        "edgevoice": __version__,
        "python": platform.python_version(),
        "kernel": machine.text("proc/sys/kernel/osrelease"),
        "machine": platform.machine(),
        "system": pretty[1] if pretty else "",
        "packages": dict(sorted(packages.items())),
    }


def _unit(machine: Machine, name: str) -> dict[str, str]:
    told = machine.run("systemctl", "show", name, "-p", ",".join(UNIT_FIELDS))
    pairs = (line.partition("=") for line in (told.text if told else "").splitlines())
    return {key: value for key, _, value in pairs if key in UNIT_FIELDS}


def _board(machine: Machine) -> dict[str, Any]:
    found = find_board(machine)
    return {
        "model": found.seen.model,
        "candidates": [candidate.board.name for candidate in found.candidates],
        "i2c": [f"{address:#04x}" for address in found.seen.bus.chips],
        "cards": [card.identity for card in found.seen.cards],
        "usb": [device.identity for device in found.seen.plugged],
        "has_spi": found.seen.has_spi,
    }


def _kernel(machine: Machine) -> Iterable[str]:
    """About sound, buses and cards; nothing where only root may read it, and this is not root."""
    told = machine.run("dmesg")
    lines = told.text.splitlines() if told is not None and not told.status else []
    mine = [line for line in lines if _KERNEL.search(line) and not _SAYS_WHOSE.search(line)]
    return mine[-KERNEL_LINES:]


def _journal(machine: Machine, unit: str) -> Iterable[str]:
    told = machine.run("journalctl", "-u", unit, "-n", str(LINES), "-o", "json", "--no-pager")
    return journal.lines(told.text) if told is not None and not told.status else ()


def _turns(machine: Machine, config: Config, ask: Ask) -> Any:
    """How long what took, by the assistant's word; where none runs, by its file."""
    try:
        said = ask(config.control.socket, f"turns {TURNS}")
    except ControlError:
        kept = turn_history.read_history(machine.path(config.control.state_dir))
        said = turn_history.told(kept, TURNS)
    return numbers(said)


def numbers(value: Any) -> Any:
    """Only numbers, under names of ours."""
    match value:
        case Mapping():
            inner = {key: numbers(one) for key, one in value.items() if key in _TURN_KEYS}
            return {key: one for key, one in inner.items() if one is not None}
        case list() | tuple():
            return [one for one in map(numbers, value) if one is not None]
        case bool() | int() | float():
            return value
    return None
