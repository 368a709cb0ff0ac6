"""What leaves the board, or could be reached from elsewhere: nothing but what was configured."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from edgevoice.daemon.control import client as control_client
from edgevoice.doctor.checks.assistant import Ask
from edgevoice.doctor.checks.sound_cards import holders, open_by
from edgevoice.doctor.checks.unit import DEVICE, main_pid
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import SERVICE_USER, Machine
from edgevoice.errors import ControlError

LISTENS = "0A"
"""The state of a socket in /proc/net/tcp."""
LOCAL = ("00000000000000000000000001000000", "0000000000000000FFFF00000100007F")
"""::1, and 127.0.0.1 on an IPv6 socket, as the kernel writes them."""
NO_PORT = "the assistant listens on no TCP port"
TELEMETRY = ".cache/Microsoft/DeveloperTools/.onnxruntime"
"""What onnxruntime keeps for its maker, where it was not told otherwise."""

_DAEMON = re.compile(r"edgevoice(\0[^\0]*)*\0run(\0|$)")


@dataclass(frozen=True, slots=True)
class Port:
    port: int
    is_local: bool
    """Only programs of this machine reach it."""
    owner: int
    inode: str


def egress(machine: Machine, socket: str, ask: Ask = control_client.request) -> Iterator[Finding]:
    pids = daemons(machine)
    yield _ports(machine, pids)
    yield from _telemetry(machine, pids)
    yield from mute(machine, socket, ask)


def daemons(machine: Machine) -> list[int]:
    """Processes of `edgevoice run`, whoever started them."""
    found = []
    for path in machine.glob("proc/[0-9]*/cmdline"):
        line = machine.text(machine.name(path))
        if _DAEMON.search(line):
            found.append(int(path.parts[-2]))
    return found


def _ports(machine: Machine, pids: list[int]) -> Finding:
    if not pids:
        return Finding("ok", "ports", "the assistant does not run, and listens nowhere")
    ports, is_known = listening(machine, pids)
    reached = sorted({one.port for one in ports if not one.is_local})
    if reached:
        text = f"others can reach the assistant on TCP {', '.join(map(str, reached))}"
        return Finding("warn", "ports", text, "edgevoice config show names what opens it")
    if not is_known:
        text = "whether the assistant listens anywhere, only root can see"
        return Finding("ok", "ports", f"{text}: sudo edgevoice doctor privacy")
    local = ", ".join(str(one.port) for one in ports)
    text = f"the assistant listens on this board only, TCP {local}" if local else NO_PORT
    return Finding("ok", "ports", text)


def listening(machine: Machine, pids: list[int]) -> tuple[list[Port], bool]:
    """Its ports, and whether that is known: by the sockets it has open, or by its user."""
    sockets = open_ports(machine)
    inodes, is_known = set[str](), True
    for pid in pids:
        mine = _inodes(machine, pid)
        inodes |= mine or set()
        is_known = is_known and mine is not None
    uid = machine.users().get(SERVICE_USER)
    if not is_known and uid is not None:
        return [port for port in sockets if port.owner == uid.uid], True
    return [port for port in sockets if port.inode in inodes], is_known


def open_ports(machine: Machine) -> list[Port]:
    """TCP, of everything on this machine."""
    return [port for state, port in _sockets(machine) if state == LISTENS]


def _sockets(machine: Machine) -> Iterator[tuple[str, Port]]:
    for table in ("proc/net/tcp", "proc/net/tcp6"):
        for line in machine.text(table).splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9:
                address, _, port = fields[1].rpartition(":")
                is_local = address in LOCAL or (len(address) == 8 and address.endswith("7F"))
                yield fields[3], Port(int(port, 16), is_local, int(fields[7]), fields[9])


def _inodes(machine: Machine, pid: int) -> set[str] | None:
    """Of the sockets a process has open; None where we may not look."""
    try:
        links = [os.readlink(path) for path in machine.path(f"proc/{pid}/fd").iterdir()]
    except OSError:
        return None
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def _telemetry(machine: Machine, pids: list[int]) -> Iterator[Finding]:
    for pid in {main_pid(machine, DEVICE)} & set(pids):
        environment = machine.text(f"proc/{pid}/environ").split("\0")
        readable = len(environment) > 1
        if readable and "ORT_DISABLE_TELEMETRY=1" not in environment:
            text = "it is turned off in the program, but not in the unit that starts it"
            todo = "sudo systemctl revert edgevoice && sudo systemctl restart edgevoice"
            yield Finding("warn", "telemetry", text, todo)
            return
    homes = (f"var/lib/edgevoice/{TELEMETRY}", f"{machine.environment.get('HOME', '')}/{TELEMETRY}")
    if kept := [f"/{home.lstrip('/')}" for home in homes if machine.exists(home)]:
        text = f"{kept[0]}: something used onnxruntime here without telling it to be silent"
        yield Finding("warn", "telemetry", text, f"rm -r {kept[0]}")
        return
    yield Finding("ok", "telemetry", "onnxruntime reports nothing to its maker")


def mute(machine: Machine, socket: str, ask: Ask) -> Iterator[Finding]:
    """Muted means that the capture device is closed, which the kernel can be asked."""
    try:
        muted = ask(socket, "status").get("muted") is True
    except ControlError:
        return
    ears = [h for h in holders(machine) if h.is_us and h.direction == "in"]
    opened = bool(ears) or any(open_by(machine, pid) for pid in daemons(machine))
    if muted and opened:
        text = "it says muted, and has the microphone open"
        yield Finding("fail", "mute", text, "sudo systemctl restart edgevoice, and report it")
    elif muted:
        yield Finding("ok", "mute", "muted: no microphone is open")
