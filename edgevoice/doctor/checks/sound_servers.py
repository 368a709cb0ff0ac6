"""PulseAudio and PipeWire: the traps of a service that plays through a user's sound server."""

import re
from collections.abc import Iterator

from edgevoice.config import Config
from edgevoice.doctor.finding import Finding, Level
from edgevoice.doctor.machine import SERVICE_USER, Machine, User
from edgevoice.hardware.sound.sound_names import SERVERS

SOCKETS = ("pulse/native", "pipewire-0")
CARD = "edgevoice devices"


def sound_servers(machine: Machine, config: Config) -> Iterator[Finding]:
    """Says nothing where nothing goes through a server and none is in the way."""
    through = [
        device
        for backend, device in (
            (config.microphone.backend, config.microphone.device),
            (config.speaker.backend, config.speaker.device),
        )
        if backend == "portaudio" and device.partition(":")[0] in (*SERVERS, "default")
    ]
    owners = list(server_users(machine))
    named = [device for device in through if device != "default"]
    user = machine.service_user()
    if address := _address(machine):
        yield _reachable(machine, address)
    elif named or (through and owners):
        yield from _of_whom(machine, named or through, owners, user)
    yield from _asleep(machine, config)


def server_users(machine: Machine) -> Iterator[User]:
    """Whose sound servers run, by their sockets in /run/user."""
    by_uid = {user.uid: user for user in machine.users().values()}
    for folder in machine.glob("run/user/*"):
        is_there = any((folder / socket).exists() for socket in SOCKETS)
        if is_there and folder.name.isdecimal():
            uid = int(folder.name)
            yield by_uid.get(uid) or User(folder.name, uid, frozenset())


def _address(machine: Machine) -> str:
    """PULSE_SERVER of the service, else of this shell."""
    told = machine.run("systemctl", "show", "edgevoice", "-p", "Environment", "--value")
    environment = told.text if told else ""
    match = re.search(r"PULSE_SERVER=(\S+)", environment)
    return match[1] if match else machine.environment.get("PULSE_SERVER", "")


def _reachable(machine: Machine, address: str) -> Finding:
    path = address.rpartition("unix:")[2] if "unix:" in address or address[:1] == "/" else ""
    if not path:
        text = f"PULSE_SERVER is {address}: sound leaves this board over the network"
        return Finding("warn", "sound server", text, "sudo systemctl edit edgevoice: remove it")
    if not machine.exists(path):
        text = f"PULSE_SERVER names {path}, where nobody is"
        todo = f"sudo systemctl edit edgevoice: remove it and use a card itself ({CARD})"
        return Finding("fail", "sound server", text, todo)
    return Finding("ok", "sound server", f"PULSE_SERVER names {path}, which is there")


def _of_whom(
    machine: Machine, devices: list[str], owners: list[User], user: User
) -> Iterator[Finding]:
    named = ", ".join(devices)
    is_service = user.name == SERVICE_USER
    theirs = [owner for owner in owners if owner.uid != user.uid]
    if not owners and "default" not in devices:
        text = f"{named} goes through a sound server, and none runs"
        yield Finding("fail", "sound server", text, f"name a card instead: {CARD}")
    elif is_service and theirs and len(theirs) == len(owners):
        text = f"{named} goes through the server of {theirs[0].name}, not of {user.name}"
        todo = f"name a card (hw:CARD=...) as microphone.device and speaker.device: {CARD}"
        level: Level = "warn" if devices == ["default"] else "fail"
        yield Finding(level, "sound server", text, todo)
    else:
        for owner in owners:
            if owner.uid >= 1000 and not machine.exists(f"var/lib/systemd/linger/{owner.name}"):
                text = f"the server of {owner.name} ends when {owner.name} logs out"
                todo = f"sudo loginctl enable-linger {owner.name}"
                yield Finding("warn", "sound server", text, todo)
                return
        yield Finding("ok", "sound server", f"{named} goes through that of {user.name}")


def _asleep(machine: Machine, config: Config) -> Iterator[Finding]:
    """A server that puts an idle loudspeaker to sleep swallows the first syllable."""
    plugin, _, node = config.speaker.device.partition(":")
    if plugin not in SERVERS or config.speaker.dither:
        return
    told = machine.run("pactl", "list", "short", "sinks")
    for line in (told.text if told else "").splitlines():
        fields = line.split("\t")
        if len(fields) > 4 and node in fields[1] and fields[4] == "SUSPENDED":
            text = f"the server has put {fields[1]} to sleep: the first syllable may be missing"
            yield Finding("warn", "sound server", text, "set speaker.dither: true")
