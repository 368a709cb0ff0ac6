"""`edgevoice forget`: erases what the board knows of its people, and says what it cannot."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgevoice.config import Config
from edgevoice.config_file import asked_for
from edgevoice.daemon.control.client import is_down, request
from edgevoice.daemon.diary.failures import FOLDER, dismiss
from edgevoice.daemon.diary.kept import erasable, erase, erasing
from edgevoice.errors import ControlError
from edgevoice.owner.turns import state_directory
from edgevoice.owner.wording import plain

WORK_S = 25.0

BEYOND = (
    "Beyond our reach: what a relay, and whoever answers behind it, was told"
    " (`edgevoice forget --relay` asks the relay), and this system's journal,"
    " which has no words, but times (journalctl --vacuum-time)."
)


def main(args: argparse.Namespace) -> int:
    config = asked_for(args).config
    words = [name for name in ("all", "key", "relay") if getattr(args, name)]
    if args.failure and words:
        raise ControlError("--failure is about one failure: leave --all, --key and --relay out")
    if args.failure:
        words = ["failure", Path(args.failure).name]
    if ("all" in words or "key" in words) and not args.yes:
        words = confirm(config, words)
        if not words:
            print("nothing was erased")
            return 1
    told = carry_out(config, words)
    print(json.dumps(told) if args.json else "\n".join(lines(told, words)))
    return 1 if told.get("stuck") or failed(told) else 0


def confirm(config: Config, words: list[str]) -> list[str]:
    """What is to be erased after all; asked on a terminal. ControlError without one."""
    if not sys.stdin.isatty():
        raise ControlError("this is to be confirmed: run it in a terminal, or add --yes")
    directory = Path(config.control.state_dir)
    print("This will be erased for good:")
    print("  - the conversation, as far as it is remembered")
    if "all" in words:
        print("\n".join(f"  - {what}" for what in everything()))
    if "key" in words:
        print(f"  - {KEY}")
    print(f"under {directory}. Mute, volume and the configuration stay. {BEYOND}")
    if not agrees("Erase it?"):
        return []
    if "all" in words and "key" not in words and agrees(f"Erase {KEY} as well?"):
        return [*words, "key"]
    return words


KEY = "the board's key: it must be paired anew (`edgevoice pair`)"


def everything() -> list[str]:
    from edgevoice.daemon.diary.kept import KEPT

    return [known.what for known in KEPT if known.erased_by == "forget --all"]


def agrees(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def carry_out(config: Config, words: list[str]) -> dict[str, Any]:
    """By the running assistant, or on its files where none runs."""
    try:
        return request(config.control.socket, " ".join(["forget", *words]), WORK_S)
    except ControlError as error:
        if not is_down(error):
            raise
    return by_files(config, words)


def by_files(config: Config, words: list[str]) -> dict[str, Any]:
    directory = state_directory(config.control.state_dir)
    chosen = erasing(everything="all" in words, key="key" in words)
    if words[:1] == ["failure"]:
        return dismiss(directory / FOLDER, words[1])
    places = [directory, Path(config.control.socket).parent]
    told: dict[str, Any] = {"erased": [], "stuck": []}
    for place, by in zip(places, (chosen, frozenset({"forget"})), strict=True):
        if place.is_dir():
            told["erased"] += erasable(place, by)
            told["stuck"] += erase(place, by)
    if "relay" in words:
        from edgevoice.daemon.relays import forgotten

        told["relays"] = forgotten(config.link)
    return told


def failed(told: Mapping[str, Any]) -> bool:
    return any("error" in relay for relay in told.get("relays", ()))


def lines(told: Mapping[str, Any], words: list[str]) -> list[str]:
    rows = []
    if "erased_items" in told:
        rows.append(
            f"the conversation: {told['erased_items']} items, {told['erased_bytes']} bytes erased"
        )
    rows += [f"erased: {plain(what)}" for what in told.get("erased", ())]
    rows += [f"NOT erased: {plain(what)}; remove it" for what in told.get("stuck", ())]
    for relay in told.get("relays", ()):
        count, url = relay.get("conversations"), plain(relay.get("relay", "?"))
        named = "one conversation" if count == 1 else f"{count} conversations"
        done = f"has forgotten {named}" if count else "remembered nothing of us"
        rows.append(f"{url} " + (f"did NOT: {plain(relay['error'])}" if "error" in relay else done))
    if "elsewhere" in told:
        rows.append(f"elsewhere: {plain(told['elsewhere'])}")
    if "key" in words:
        rows.append("the running assistant knows the key until it is restarted")
    if "all" in words:
        rows.append(BEYOND)
    return rows or ["nothing was kept"]
