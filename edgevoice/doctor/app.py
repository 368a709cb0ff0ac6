"""`edgevoice doctor`: the checks that were asked for, then chirps if they were."""

import argparse
import logging
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from edgevoice.config import Config
from edgevoice.config_file import asked_for
from edgevoice.daemon.control import client as control_client
from edgevoice.doctor.checks.configuration import configuration
from edgevoice.doctor.examination import PREFIX, examine
from edgevoice.doctor.machine import Machine
from edgevoice.doctor.plan import (
    chosen,
    plan,
    security_plan,
    subjects_here,
    without_configuration,
)
from edgevoice.doctor.report import Report
from edgevoice.errors import DoctorError


def main(args: argparse.Namespace) -> int:
    """0 when nothing failed."""
    with unlogged():
        return diagnose(args)


@contextmanager
def unlogged() -> Iterator[None]:
    """What is looked at complains in its own words; here that is told in ours."""
    ours, nowhere = logging.getLogger("edgevoice"), logging.NullHandler()
    ours.propagate = False
    ours.addHandler(nowhere)
    try:
        yield
    finally:
        ours.removeHandler(nowhere)
        ours.propagate = True


def diagnose(args: argparse.Namespace) -> int:
    machine = Machine()
    report = Report(as_json=args.json, quiet=args.quiet)
    config = look(args, machine, report)
    if config is not None and args.audio:
        from edgevoice.doctor import sound_test

        sound_test.audio(config, args, report)
    report.close()
    if args.bundle is not None:
        try:
            bundle(args, machine, config, report)
        except DoctorError as error:
            print(f"edgevoice: {error}", file=sys.stderr)
            return ended(1)
    return ended(1 if report.failed else 0)


def bundle(
    args: argparse.Namespace, machine: Machine, config: Config | None, report: Report
) -> None:
    """Show what would be in it, and write it if that is wanted."""
    from edgevoice.doctor.bundle import command
    from edgevoice.doctor.bundle.contents import sheets

    now = machine.now()
    path = Path(args.bundle or command.default_name(now))
    found = sheets(machine, config, report.as_json(), control_client.request)
    say = partial(print, file=sys.stderr if args.json else sys.stdout, flush=True)
    command.offer(found, path, now, yes=args.yes, say=say, answer=command.ask)


def look(args: argparse.Namespace, machine: Machine, report: Report) -> Config | None:
    """Tell everything that can be found out without playing a sound."""
    found, findings = configuration(lambda: asked_for(args))
    subjects: Sequence[str] = args.checks
    for finding in findings:
        if found is None or not subjects:
            report.tell(finding)
    if found is None:
        checks = without_configuration(machine)
    elif args.security:
        checks = security_plan(found, machine)
    else:
        checks = plan(found.config, machine, relay=args.relay or "relay" in subjects)
    if not args.security and found is not None:
        subjects = subjects or subjects_here(machine)
    for finding in examine(chosen(checks, subjects)):
        report.tell(finding)
    return None if found is None else found.config


def ended(status: int) -> int:
    """Nobody waits for a check that hangs: Python would, for the threads of its libraries."""
    if any(thread.name.startswith(PREFIX) for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status
