"""The lines of the control socket: questions of whoever may open it, and the daemon's answers."""

import json
from pathlib import Path

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.daemon.abilities import Volume
from edgevoice.daemon.control import client
from edgevoice.daemon.control.commands import Command, Commands
from edgevoice.daemon.control.server import command_of
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.errors import ControlError
from edgevoice.hardware.system.state_file import StateFile

VOLUME = Volume(PlayoutBuffer(48_000), SettingsMemory(StateFile(Path("nowhere"))))
COMMANDS = Commands()
COMMANDS.add(
    {
        "status": Command(lambda _: {}, "how it is", looks=True),
        "volume": Command(lambda text: {"is": VOLUME.turn(text)}, "louder", argument=True),
        "say": Command(lambda _: {}, "say it", argument=True, private=True, patience_s=5.0),
    }
)


def contract(data: bytes) -> None:
    """ControlError, or a command; and words that are nobody's business are not for the log."""
    try:
        command = command_of(data)
        assert 0 <= COMMANDS.patience_s(command) <= 5
        COMMANDS.only_looks(command)
        if command.strip().startswith("say "):
            assert COMMANDS.loggable(command) == "say"
        told = COMMANDS.obey(command)
        assert isinstance(told, dict)
        assert 0 <= told.get("is", 0) <= 100
        json.dumps(told)
    except ControlError as error:
        json.dumps(str(error))
    try:
        assert isinstance(client.read(data, "socket"), dict)
    except ControlError:
        pass
