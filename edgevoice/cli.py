"""The command `edgevoice`: words on the command line become calls, errors become exit codes.

Nothing is decided here. What a command needs is imported when it runs, so that
`edgevoice --help` answers at once on a small board.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING

from edgevoice import __version__
from edgevoice.conformance.cli_commands import add_conformance
from edgevoice.doctor.cli_commands import add_doctor, add_listen, add_wake_test
from edgevoice.errors import (
    ConfigError,
    EdgeVoiceError,
    FlightRecordError,
    ScenarioError,
    UnsupportedLibrary,
    leaves,
)
from edgevoice.hardware.boards.cli_commands import add_board
from edgevoice.installing.cli_commands import add_self_test
from edgevoice.installing.setup_command import add_setup
from edgevoice.models.cli_commands import add_models
from edgevoice.owner.cli_commands import add_owner
from edgevoice.owner.lights import add_lights
from edgevoice.owner.manual import add_manual
from edgevoice.owner.pair import add_pair
from edgevoice.owner.reload import add_reload
from edgevoice.owner.say import add_say
from edgevoice.owner.timers import add_dnd, add_timers
from edgevoice.relay.access.device_commands import add_devices
from edgevoice.relay.access.init_command import add_init
from edgevoice.relay.access.usage_commands import add_sessions, add_usage
from edgevoice.relay.announcing.announce_command import add_announce
from edgevoice.relay.reload_command import add_relay_reload

if TYPE_CHECKING:
    from edgevoice.config_file import Effective

FAILED, MISCONFIGURED, INTERRUPTED = 1, 2, 130

EPILOG = """\
The board runs `edgevoice run`, the server it talks to runs `edgevoice relay`, and
`edgevoice simulate` plays a conversation between the two without any hardware.
`edgevoice COMMAND --help` tells more about each.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    if sys.stdout is None:  # closed by whoever started it, and the next file would take its place
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    args = parser().parse_args(argv)
    if os.geteuid() == 0:
        # What root writes is for the services to read; what is not has a mode of its own.
        os.umask(0o022)
    return perform(args.act, args)


def perform(act: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """What is expected to go wrong becomes a line and a status; a bug keeps its traceback."""
    try:
        status = act(args)
        sys.stdout.flush()
    except EdgeVoiceError as error:
        return report(error)
    except ExceptionGroup as group:  # from a program's TaskGroup
        expected, bugs = group.split(EdgeVoiceError)
        if expected is None or bugs is not None:
            raise
        return max(report(error) for error in leaves(expected))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `edgevoice config sample | head`
        drop_output()
        return FAILED
    except OSError as error:
        if error.strerror is None:
            raise
        drop_output()
        told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        print(f"edgevoice: {told}", file=sys.stderr)
        return FAILED
    return status


def report(error: BaseException) -> int:
    """Tell the owner; what the owner wrote wrong has a status of its own."""
    for line in str(error).splitlines() or [type(error).__name__]:
        print(f"edgevoice: {line}", file=sys.stderr)
    return (
        MISCONFIGURED
        if isinstance(error, ConfigError | FlightRecordError | ScenarioError | UnsupportedLibrary)
        else FAILED
    )


def drop_output() -> None:
    """What cannot be written is forgotten, or the interpreter would try again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="edgevoice",
        description="A voice assistant for small boards, and the relay it talks to.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"edgevoice {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    configured = config_options()
    add_programs(commands, configured)
    add_owner(commands, configured)
    add_reload(commands, configured)
    add_timers(commands, configured)
    add_dnd(commands, configured)
    add_say(commands, configured)
    add_board(commands, configured, config_options(inner=True))
    add_lights(commands, configured)
    add_doctor(commands, configured)
    add_listen(commands, configured)
    add_wake_test(commands, configured)
    add_self_test(commands, configured)
    add_setup(commands)
    add_conformance(commands)
    add_config(commands, configured)
    add_models(commands)
    devices = commands.add_parser("devices", help="list microphones and loudspeakers")
    devices.set_defaults(act=list_devices)
    add_manual(commands, parser)
    version = commands.add_parser("version", help="print the version")
    version.set_defaults(act=print_version)
    return top


def config_options(*, inner: bool = False) -> argparse.ArgumentParser:
    """What every command that reads the configuration takes; an inner one inherits."""
    options = argparse.ArgumentParser(
        add_help=False, argument_default=argparse.SUPPRESS if inner else None
    )
    options.add_argument(
        "-c",
        "--config",
        action="append",
        metavar="PATH",
        help="configuration file or folder, may be repeated (default: /etc/edgevoice/config.yaml"
        " and /etc/edgevoice/config.d)",
    )
    options.add_argument(
        "--set",
        action="append",
        metavar="NAME=VALUE",
        help="override one setting, such as turn.follow_up_s=0; may be repeated",
    )
    return options


if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_programs(commands: Commands, configured: argparse.ArgumentParser) -> None:
    run = commands.add_parser("run", parents=[configured], help="run the assistant on this board")
    run.set_defaults(act=run_device)
    relay = commands.add_parser("relay", parents=[configured], help="run the relay, or admit to it")
    relay.set_defaults(act=run_relay)
    inner = relay.add_subparsers(title="commands", metavar="COMMAND")
    token = inner.add_parser(
        "token",
        parents=[config_options(inner=True)],
        help="make a token for a device and print it, once",
    )
    token.add_argument("name", metavar="NAME", help="what the device is called")
    token.add_argument("--revoke", action="store_true", help="take the device's token away")
    token.set_defaults(act=make_token)
    add_devices(inner, config_options(inner=True))
    add_sessions(inner, config_options(inner=True))
    add_usage(inner, config_options(inner=True))
    add_init(inner)
    add_relay_reload(inner, config_options(inner=True))
    add_announce(inner, config_options(inner=True))
    add_pair(commands, configured)
    add_simulate(commands, configured)


def add_simulate(commands: Commands, configured: argparse.ArgumentParser) -> None:
    simulate = commands.add_parser(
        "simulate",
        parents=[configured],
        help="play a conversation without hardware",
        description="Plays a conversation without hardware, and without this machine's"
        " configuration: settings come from the scenario, -c and --set.",
        epilog=scenarios(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    simulate.add_argument(
        "scenario",
        nargs="?",
        metavar="SCENARIO",
        help="a name from below or a file of your own (default: kitchen)",
    )
    simulate.add_argument(
        "--out",
        default="simulated",
        metavar="DIR",
        help="where sound and reports go (default: simulated)",
    )
    simulate.add_argument(
        "--quiet", action="store_true", help="do not play aloud, even where there is a sound card"
    )
    simulate.set_defaults(act=run_simulation)


def scenarios() -> str:
    """Those that ship, each with the comment it begins with."""
    folder = os.path.join(os.path.dirname(__file__), "simulator", "scenarios")
    lines = ["scenarios that ship:"]
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            lines.append(f"  {name.removesuffix('.yaml')}")
            lines += [f"    {line[2:].rstrip()}" for line in takewhile(is_comment, file)]
    return "\n".join(lines)


def is_comment(line: str) -> bool:
    return line.startswith("#")


def add_config(commands: Commands, configured: argparse.ArgumentParser) -> None:
    config = commands.add_parser("config", help="check, show or explain the configuration")
    inner = config.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = inner.add_parser("check", parents=[configured], help="find every mistake in it")
    check.set_defaults(act=check_config)
    show = inner.add_parser("show", parents=[configured], help="what applies, and from where")
    show.set_defaults(act=show_config)
    schema = inner.add_parser("schema", help="JSON Schema, for editors")
    schema.set_defaults(act=print_schema)
    sample = inner.add_parser("sample", help="a complete, commented file of the defaults")
    sample.set_defaults(act=print_sample)


def read_config(args: argparse.Namespace) -> Effective:
    from edgevoice.config_file import asked_for

    return asked_for(args)


def run_device(args: argparse.Namespace) -> int:
    from edgevoice.hardware.system.service_manager import ServiceManager, failing_aloud

    with failing_aloud(ServiceManager()):
        config = read_config(args).config
    from edgevoice import logs
    from edgevoice.daemon import program

    logs.keep_stderr()
    logs.set_up(config.log_level, form=config.log_format)
    return program.main(config, lambda: read_config(args).config)


def run_relay(args: argparse.Namespace) -> int:
    from edgevoice.hardware.system.service_manager import ServiceManager, failing_aloud

    with failing_aloud(ServiceManager()):
        config = read_config(args).config
    from edgevoice import logs
    from edgevoice.relay import app

    logs.set_up(config.log_level, form=config.log_format)
    return app.main(config, lambda: read_config(args).config)


def make_token(args: argparse.Namespace) -> int:
    path = read_config(args).config.relay.tokens_file
    from edgevoice.relay.access import tokens

    if args.revoke:
        tokens.revoke(path, args.name)
        return 0
    print(tokens.create(path, args.name))
    print(
        f"edgevoice: added to {path}; the token is shown this once: write it to the file"
        " that link.token_file names on the device",
        file=sys.stderr,
    )
    return 0


def run_simulation(args: argparse.Namespace) -> int:
    import signal

    from edgevoice import logs
    from edgevoice.simulator import app

    logs.set_up("warning")
    # Like Ctrl-C, or the relay that belongs to the simulation would outlive it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return app.main(args)


def list_devices(args: argparse.Namespace) -> int:
    from edgevoice.hardware.sound import devices

    for line in devices.list_devices():
        print(line)
    return 0


def check_config(args: argparse.Namespace) -> int:
    read = read_config(args)
    files = {place.source for place in read.places.values() if place.line}
    print("no mistakes in " + (", ".join(sorted(files)) or "the defaults: no file sets anything"))
    return 0


def show_config(args: argparse.Namespace) -> int:
    read = read_config(args)
    from edgevoice.config_docs import show

    sys.stdout.write(show(read))
    return 0


def print_schema(args: argparse.Namespace) -> int:
    import json

    from edgevoice.config_docs import schema

    print(json.dumps(schema(), indent=2))
    return 0


def print_sample(args: argparse.Namespace) -> int:
    from edgevoice.config_docs import sample

    sys.stdout.write(sample())
    return 0


def print_version(args: argparse.Namespace) -> int:
    print(f"edgevoice {__version__}")
    return 0
