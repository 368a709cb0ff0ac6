"""The command line of `edgevoice relay devices`: who is let in, at the relay's own machine.

It works on the relay's store, beside the running relay. What it does is imported when it does
it, so that `edgevoice --help` stays quick.
"""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgevoice.relay.store.records import Device
    from edgevoice.relay.store.store import Store

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
    Act = Callable[[argparse.Namespace, Store, float], Awaitable[None]]


def add_devices(commands: Commands, configured: argparse.ArgumentParser) -> None:
    devices = commands.add_parser(
        "devices",
        parents=[configured],
        help="approve, list, rename or revoke devices",
        description="Devices that were paired with this relay. `edgevoice pair` on a device shows a"
        " code; typing it here lets the device in. Run this as the relay's user or as root.",
    )
    devices.set_defaults(act=run_with(show))
    inner = devices.add_subparsers(title="commands", metavar="COMMAND")
    listed = inner.add_parser("list", parents=[configured], help="those that may call, and did")
    listed.set_defaults(act=run_with(show))
    approve = inner.add_parser("approve", parents=[configured], help="let a device in")
    approve.add_argument("code", metavar="CODE", help="as the device shows it")
    approve.add_argument("--name", default="", metavar="NAME", help="call it that instead")
    approve.set_defaults(act=run_with(let_in))
    revoke = inner.add_parser(
        "revoke", parents=[configured], help="let it in no more, and hang up at once"
    )
    revoke.add_argument("name", metavar="NAME", help="its name or id")
    revoke.set_defaults(act=run_with(put_out))
    rename = inner.add_parser("rename", parents=[configured], help="call it something else")
    rename.add_argument("name", metavar="NAME", help="its name or id")
    rename.add_argument("new_name", metavar="NEW")
    rename.set_defaults(act=run_with(call_it))


def run_with(act: Act) -> Callable[[argparse.Namespace], int]:
    """The command that does this with the store of the configured relay."""

    def run(args: argparse.Namespace) -> int:
        import asyncio
        import time

        from edgevoice.config_file import asked_for
        from edgevoice.relay.store.place import existing_store

        config = asked_for(args).config.relay

        async def main() -> None:
            async with existing_store(config) as store:
                await act(args, store, time.time())

        asyncio.run(main())
        return 0

    return run


async def show(args: argparse.Namespace, store: Store, now: float) -> None:
    print(f"{'NAME':20}  {'ID':20}  {'PAIRED':16}  LAST SEEN")
    for device in await store.devices():
        print(line(device))
    waiting = len(await store.pairings(now))
    if waiting:
        print(f"{waiting} waiting: `edgevoice relay devices approve CODE`, as the device shows it")


async def let_in(args: argparse.Namespace, store: Store, now: float) -> None:
    from edgevoice.relay.access.pairing import approve

    device = await approve(store, args.code, args.name, now)
    print(f"{device.name} ({device.device_id}) may call, as {device.origin}")


async def put_out(args: argparse.Namespace, store: Store, now: float) -> None:
    from edgevoice.relay.access.pairing import named

    device = await named(store, args.name)
    await store.revoke_device(device.device_id, now)
    print(f"{device.name} ({device.device_id}) may call no more")


async def call_it(args: argparse.Namespace, store: Store, now: float) -> None:
    from edgevoice.relay.access.pairing import named, rename

    device = await named(store, args.name)
    await rename(store, device, args.new_name)
    print(f"{device.name} is called {args.new_name} now")


def line(device: Device) -> str:
    seen = moment(device.seen_at) if device.seen_at else "never"
    revoked = f"  revoked {moment(device.revoked_at)}" if device.revoked_at else ""
    paired = moment(device.created_at)
    return f"{device.name:20}  {device.device_id:20}  {paired}  {seen:16}{revoked}".rstrip()


def moment(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
