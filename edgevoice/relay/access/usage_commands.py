"""The command line of `edgevoice relay sessions` and `usage`: who calls, and what it took.

They read the relay's store, beside the running relay. What they need is imported when they do
it, so that `edgevoice --help` stays quick.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from edgevoice.relay.access.device_commands import run_with

if TYPE_CHECKING:
    from datetime import date

    from edgevoice.relay.store.records import DayUse, LiveCall, Use
    from edgevoice.relay.store.store import Store

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
    Row = tuple[str, ...]

MICRO = 1_000_000


def add_sessions(commands: Commands, configured: argparse.ArgumentParser) -> None:
    sessions = commands.add_parser(
        "sessions", parents=[configured], help="list the calls that are going on"
    )
    sessions.add_argument("--json", action="store_true", help="print one JSON array")
    sessions.set_defaults(act=run_with(show_sessions))


def add_usage(commands: Commands, configured: argparse.ArgumentParser) -> None:
    usage = commands.add_parser(
        "usage",
        parents=[configured],
        help="minutes, turns, tokens and cost of each caller",
        description="What each caller has used today, or on another day, by the relay's clock;"
        " also by calls that go on, up to some seconds ago.",
    )
    usage.add_argument("--day", type=a_day, metavar="YYYY-MM-DD", help="that day instead of today")
    usage.add_argument(
        "--days", type=a_number, default=1, metavar="N", help="so many days up to it"
    )
    usage.add_argument("--json", action="store_true", help="print one JSON array")
    usage.set_defaults(act=run_with(show_usage))


def a_day(text: str) -> date:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is no day such as 2026-11-30') from None


def a_number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 366:
        raise argparse.ArgumentTypeError("a number from 1 to 366")
    return int(text)


async def show_sessions(args: argparse.Namespace, store: Store, now: float) -> None:
    names = await names_of(store)
    calls = await store.calls(now)
    if args.json:
        print_json([plain_call(call, names, now) for call in calls])
    elif not calls:
        print("nobody calls")
    else:
        head = ("CALLER", "STATE", "FOR", "TURNS", "TOKENS", "COST", "ADDRESS", "CALL")
        print_table(head, [call_row(call, names, now) for call in calls], numbers=(2, 3, 4, 5))


async def show_usage(args: argparse.Namespace, store: Store, now: float) -> None:
    from datetime import UTC, datetime, timedelta

    names = await names_of(store)
    last = args.day or datetime.fromtimestamp(now, UTC).astimezone().date()
    first = (last - timedelta(days=args.days - 1)).isoformat()
    used = [entry for entry in await store.uses(first) if entry.day <= last.isoformat()]
    if args.json:
        print_json([plain_use(entry, names) for entry in used])
    elif not used:
        print(
            f"nothing was used on {last}" if args.days == 1 else f"nothing was used since {first}"
        )
    else:
        head = ("DAY", "CALLER", "MINUTES", "SESSIONS", "TURNS", "TOKENS", "COST")
        rows = [
            use_row(entry.day, names.get(entry.caller, entry.caller), entry.use) for entry in used
        ]
        if len(rows) > 1:
            rows.append(use_row("", "all of them", everything(used)))
        print_table(head, rows, numbers=(2, 3, 4, 5, 6))


async def names_of(store: Store) -> dict[str, str]:
    """What their owner calls the devices, by their ids."""
    return {device.device_id: device.name for device in await store.devices()}


def plain_call(call: LiveCall, names: dict[str, str], now: float) -> dict[str, object]:
    return {
        "call": call.call_id,
        "caller": names.get(call.caller, call.caller),
        "caller_id": call.caller,
        "state": call.state,
        "seconds": round(now - call.began_at, 1),
        "address": call.address,
        "turns": call.turns,
        "responses": call.responses,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "cost_usd": call.cost_micro_usd / MICRO,
    }


def call_row(call: LiveCall, names: dict[str, str], now: float) -> Row:
    return (
        names.get(call.caller, call.caller),
        call.state,
        span(now - call.began_at),
        str(call.turns),
        str(call.input_tokens + call.output_tokens),
        dollars(call.cost_micro_usd),
        call.address,
        call.call_id,
    )


def plain_use(entry: DayUse, names: dict[str, str]) -> dict[str, object]:
    use = entry.use
    return {
        "day": entry.day,
        "caller": names.get(entry.caller, entry.caller),
        "caller_id": entry.caller,
        "minutes": round(use.seconds / 60, 2),
        "sessions": use.sessions,
        "turns": use.turns,
        "input_tokens": use.input_tokens,
        "output_tokens": use.output_tokens,
        "cost_usd": use.cost_micro_usd / MICRO,
    }


def use_row(day: str, caller: str, use: Use) -> Row:
    return (
        day,
        caller,
        f"{use.seconds / 60:.1f}",
        str(use.sessions),
        str(use.turns),
        str(use.input_tokens + use.output_tokens),
        dollars(use.cost_micro_usd),
    )


def everything(used: list[DayUse]) -> Use:
    total = used[0].use
    for entry in used[1:]:
        total += entry.use
    return total


def dollars(micro: int) -> str:
    return f"${micro / MICRO:.{4 if 0 < micro < MICRO // 10 else 2}f}"


def span(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes}:{rest:02}"


def print_json(rows: list[dict[str, object]]) -> None:
    import json

    print(json.dumps(rows, indent=2))


def print_table(head: Row, rows: list[Row], numbers: tuple[int, ...]) -> None:
    """As wide as it must be; numbers stand at the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if i in numbers else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
