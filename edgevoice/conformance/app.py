"""`edgevoice conformance`: one check after the other, a line for each, and a sum."""

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from edgevoice.conformance import modules, suite
from edgevoice.conformance.browser_script import browser_script
from edgevoice.conformance.check import Check, Outcome, perform
from edgevoice.conformance.http import MANY
from edgevoice.conformance.node_script import node_script
from edgevoice.conformance.reach import reach
from edgevoice.conformance.target import Target, base_url
from edgevoice.conformance.world import Start, World
from edgevoice.errors import ConfigError


def main(args: argparse.Namespace) -> int:
    """0 when nothing failed. ConfigError for what is wrong on the command line, LinkError."""
    directory = Path(args.modules) if args.modules else modules.default_directory()
    if args.install:
        modules.install(directory)
        print(f"OpenAI's JavaScript packages are in {directory}")
        return 0
    if not args.url:
        raise ConfigError("which server? edgevoice conformance https://relay.example:8790")
    chosen = choose(args.only or [])
    target = the_target(args)
    if target.ca_file:
        os.environ["SSL_CERT_FILE"] = target.ca_file  # for SDKs that take no context
    outcomes = asyncio.run(run(target, chosen, directory, pause_s=args.pause, quiet=args.json))
    tell_sum(target, outcomes, as_json=args.json)
    return int(any(outcome.status == "FAILED" for outcome in outcomes))


def choose(only: Sequence[str]) -> list[Check]:
    """By name, or by what stands before the dot."""
    everything = list(suite.checks())
    for name in only:
        if not any(check.name == name or check.name.startswith(f"{name}.") for check in everything):
            known = ", ".join(dict.fromkeys(check.name.partition(".")[0] for check in everything))
            raise ConfigError(f"--only {name}: there is no such check; there are {known}")
    wanted = [f"{name}." for name in only] or [""]
    return [check for check in everything if f"{check.name}.".startswith(tuple(wanted))]


def the_target(args: argparse.Namespace) -> Target:
    token = ""
    if args.token_file:
        try:
            token = Path(args.token_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"--token-file {args.token_file} cannot be read ({error}): name another"
            ) from error
    ca_file = str(Path(args.ca_file).resolve()) if args.ca_file else ""
    return Target(base_url(args.url), token, args.model, ca_file, args.insecure)


async def run(
    target: Target, chosen: Sequence[Check], directory: Path, *, pause_s: float, quiet: bool
) -> list[Outcome]:
    await reach(target)
    outcomes = []
    starts: dict[str, Start] = {"node": node_script, "browser": browser_script}
    async with World(target, directory, starts) as world:
        for number, check in enumerate(chosen):
            if number:
                await asyncio.sleep(pause_s)
            outcomes.append(await perform(check, world))
            if not quiet:
                print(outcomes[-1].line(), flush=True)
    return outcomes


def tell_sum(target: Target, outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    count = Counter(outcome.status for outcome in outcomes)
    if as_json:
        told = {"url": target.url, "checks": [asdict(outcome) for outcome in outcomes]}
        json.dump(told, sys.stdout, indent=1)
        print()
        return
    print(f"{count['ok']} ok, {count['FAILED']} failed, {count['skipped']} skipped")
    if any("429" in outcome.came for outcome in outcomes):
        print(f"The server had enough of calls for the moment {MANY}")
