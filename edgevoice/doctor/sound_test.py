"""`edgevoice doctor --audio`: chirps, what is heard of them, and what to set."""

import argparse
import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from edgevoice.audio.calibration import Measured
from edgevoice.config import Config
from edgevoice.doctor.checks import assistant
from edgevoice.doctor.diagnosis import diagnosis
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.loudness import Loudness
from edgevoice.doctor.proposals import Proposal, Round, configured, proposals
from edgevoice.doctor.report import Report
from edgevoice.doctor.settings_file import SettingsFile
from edgevoice.doctor.sounding import Devices, Sounding, devices_of
from edgevoice.errors import AudioError, leaves

MOST_ROUNDS = 3
"""Quieter by 6 dB each time: further down nobody wants to hear an answer."""
LEAST_PERCENT = 20


def audio(config: Config, args: argparse.Namespace, report: Report) -> None:
    """Measure, tell, and write if that was asked for."""
    taken = assistant.is_free(config)
    if taken:
        report.tell(taken)
        return
    # Before anything is played: where it could not be written, there is no need to.
    file = SettingsFile(args.config) if args.write else None
    volume = config.speaker.volume_percent if args.volume is None else args.volume
    rounds: list[Round] = []
    try:
        asyncio.run(examine(config, devices_of(config), volume, rounds, report.progress))
    except* AudioError as group:
        rounds.clear()
        report.tell(Finding("fail", "sound", str(next(leaves(group))), "correct it and try again"))
    if rounds:
        for finding in diagnosis(config, rounds):
            report.tell(finding)
        report.add("measured", [as_json(one) for one in rounds])
        propose(config, proposals(config, rounds), file, report)


def as_json(one: Round) -> dict[str, Any]:
    return {"volume_percent": one.volume_percent, **asdict(one.measured)}


async def examine(
    config: Config,
    devices: Devices,
    volume_percent: int,
    rounds: list[Round],
    progress: Callable[[int, float], None],
) -> None:
    """Measure; where the sound is strained, again and quieter."""
    loudness = Loudness(config.speaker)
    sounding = Sounding(devices, config.speaker.rate_hz)
    again = True
    async with sounding.opened():
        while volume_percent >= LEAST_PERCENT and len(rounds) < MOST_ROUNDS:
            amplitude = await asyncio.to_thread(loudness.set, volume_percent)
            sounded = await sounding.measure(
                amplitude, full_scale(config), partial(progress, volume_percent)
            )
            if again and _was_interrupted(sounded.measured):
                again = False  # once is a busy moment, twice is a busy processor
                continue
            rounds.append(Round(volume_percent, sounded.measured, sounded.reference_ms))
            if rounds[-1].is_linear:
                break
            volume_percent = rounds[-1].quieter_percent
        if len(rounds) > 1:
            await asyncio.to_thread(loudness.set, config.speaker.volume_percent)


def _was_interrupted(measured: Measured) -> bool:
    return measured.too_short or (measured.echo is not None and measured.echo.interrupted)


def full_scale(config: Config) -> int:
    """Where a card's converter ends, seen behind `microphone.gain_db`."""
    return int(32_767 * min(1.0, 10 ** (config.microphone.gain_db / 20)))


def propose(
    config: Config, wanted: Sequence[Proposal], file: SettingsFile | None, report: Report
) -> None:
    """Tell what should be set, and set it."""
    report.add("proposals", [{**asdict(p), "now": configured(config, p.path)} for p in wanted])
    if not wanted:
        report.say("the settings fit as they are")
        return
    report.say("proposed:")
    for proposal in wanted:
        now = configured(config, proposal.path)
        report.say(
            f"  {proposal.path}: {written(proposal.value)} (now {written(now)}): {proposal.reason}"
        )
    if file is None:
        report.say("the same command with --write sets it")
        return
    report.say(put(file, config, wanted))
    report.add("written", str(file.path))


def put(file: SettingsFile, config: Config, wanted: Sequence[Proposal]) -> str:
    """Write it; what was changed and what else to know, as lines."""
    text = file.proposed(config, wanted)
    lines = [file.diff(text)]
    file.write(text)
    lines.append(f"written to {file.path}; `sudo systemctl restart edgevoice` applies it")
    lines += [f"but {path} wins over it" for path in file.overruled()]
    return "\n".join(lines)


def written(value: object) -> str:
    """As it looks in a file."""
    return json.dumps(value) if isinstance(value, bool) else str(value)
