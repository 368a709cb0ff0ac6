"""`edgevoice lights`: every pattern of the light, one after the other, and what it means."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgevoice.config import IndicatorConfig
    from edgevoice.hardware.lights.indicator import Indicator

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_lights(commands: Commands, configured: argparse.ArgumentParser) -> None:
    lights = commands.add_parser(
        "lights",
        parents=[configured],
        help="show what each pattern of the light looks like, and what it means",
        description="Plays every pattern on the configured indicator and prints its name and what"
        " it means. The running assistant is asked to do it, if there is one; it refuses while"
        " the light has something true to say.",
    )
    lights.add_argument("--once", metavar="NAME", help="this pattern only, such as `listening`")
    lights.add_argument(
        "--seconds",
        type=positive,
        metavar="N",
        help="go on with it for so long (default: 4, and once round)",
    )
    lights.set_defaults(act=show_lights)


def positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 3_600:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of seconds')
    return number


def show_lights(args: argparse.Namespace) -> int:
    import asyncio

    from edgevoice.config_file import asked_for, control_socket
    from edgevoice.daemon.control.client import answers
    from edgevoice.errors import ControlError
    from edgevoice.hardware.lights.shows import LASTS_S, SHOWS

    names = [args.once] if args.once else list(SHOWS)
    if names[0] not in SHOWS:
        raise ControlError(f'"{args.once}" is none of: {", ".join(SHOWS)}')
    seconds = args.seconds or LASTS_S
    socket = control_socket(args)
    if answers(socket):
        asyncio.run(_ask(socket, names, seconds))
    else:
        asyncio.run(_play(asked_for(args).config.indicator, names, seconds))
    return 0


def tell(name: str) -> None:
    from edgevoice.hardware.lights.shows import SHOWS

    print(f"{name:14} {SHOWS[name].meaning}", flush=True)


async def _ask(socket: str, names: list[str], seconds: float) -> None:
    """The assistant has the light; it is asked anew before it has ended what it shows."""
    import asyncio

    from edgevoice.daemon.control.client import request
    from edgevoice.hardware.lights.shows import LASTS_S

    for name in names:
        left_s = seconds
        await asyncio.to_thread(request, socket, f"lights {name}")
        tell(name)
        while left_s > LASTS_S:
            await asyncio.sleep(LASTS_S)
            await asyncio.to_thread(request, socket, f"lights {name}")
            left_s -= LASTS_S
        await asyncio.sleep(left_s)


async def _play(config: IndicatorConfig, names: list[str], seconds: float) -> None:
    """Nobody else has it."""
    import asyncio
    from contextlib import closing

    from edgevoice.errors import GpioError
    from edgevoice.hardware.lights.drivers import open_indicator

    if config.kind == "none" and config.lamp_pin is None:
        raise GpioError("there is no light; set indicator.kind, or name the board")
    loop = asyncio.get_running_loop()
    with closing(open_indicator(config, clock=loop.time)) as indicator:
        await demonstrate(indicator, names, seconds)


async def demonstrate(indicator: Indicator, names: Sequence[str], seconds: float) -> None:
    """Each for so long. GpioError where the light does not work."""
    import asyncio

    from edgevoice.errors import GpioError

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(indicator.run())
        for name in names:
            indicator.demonstrate(name, seconds)
            tell(name)
            await asyncio.sleep(seconds)
            if not indicator.works:
                raise GpioError("the light does not work; `edgevoice doctor pins` looks why")
        running.cancel()


@asynccontextmanager
async def shown(socket: str, name: str) -> AsyncIterator[None]:
    """The running assistant, if there is one and it has nothing else to say, shows it meanwhile."""
    import asyncio

    async with asyncio.TaskGroup() as tasks:
        showing = tasks.create_task(_keep_showing(socket, name))
        yield
        showing.cancel()


async def _keep_showing(socket: str, name: str) -> None:
    import asyncio
    from contextlib import suppress

    from edgevoice.daemon.control.client import request
    from edgevoice.errors import ControlError
    from edgevoice.hardware.lights.shows import LASTS_S

    while True:
        with suppress(ControlError):
            await asyncio.to_thread(request, socket, f"lights {name}")
        await asyncio.sleep(LASTS_S)
