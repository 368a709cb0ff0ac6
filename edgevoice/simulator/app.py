"""`edgevoice simulate`: a scenario from file to verdict, with everything it leaves behind.

The output directory gets `speaker.wav` (all that was heard), `answer-N.wav`,
`report.json` and `relay.log`; after a failure the folder `failure` as well (`evidence.py`).
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from edgevoice import config_file
from edgevoice.config import Config
from edgevoice.daemon.app import Device
from edgevoice.daemon.credentials import credential
from edgevoice.errors import ScenarioError
from edgevoice.hardware.sound.sounds import RATE_HZ as PLAYOUT_RATE_HZ
from edgevoice.link.credential import BearerToken, Credential
from edgevoice.link.signalling import Signalling
from edgevoice.simulator import evidence
from edgevoice.simulator.relay_process import relay_process
from edgevoice.simulator.room import Room
from edgevoice.simulator.scenario import Press, Scenario, find, read
from edgevoice.simulator.stage import Outcome, Stage

DEFAULT = "kitchen"


def main(args: argparse.Namespace) -> int:
    """Play one scenario; 0 when all its expectations were met."""
    file = find(args.scenario or DEFAULT)
    scenario = read(file)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    evidence.clear(out)
    config = _config(scenario, args, out)
    outcome = asyncio.run(_play(scenario, file, config, out, aloud=not args.quiet))
    (out / "report.json").write_text(json.dumps(_as_json(scenario, outcome), indent=2) + "\n")
    for line in _lines(scenario, outcome, out):
        print(line)
    return 1 if outcome.failures else 0


def _config(scenario: Scenario, args: argparse.Namespace, out: Path) -> Config:
    """The scenario's settings over the defaults; nothing of this machine unless asked for."""
    own_files = {"socket": str(out / "control.sock"), "state_dir": str(out / "state")}
    settings = out / "config.yaml"
    # The same today as yesterday: nothing is remembered of the last time.
    own = {"control": own_files, "context": {"keep": "process"}}
    settings.write_text(yaml.safe_dump({**own, **scenario.config}))
    config = config_file.load([*map(Path, args.config or ()), settings], args.set or ())
    if config.button.pin is None and any(isinstance(s.verb, Press) for s in scenario.steps):
        raise ScenarioError(
            "the scenario presses a button; give it a pin: config: {button: {pin: 17}}"
        )
    return config


async def _play(
    scenario: Scenario, file: Path, config: Config, out: Path, *, aloud: bool
) -> Outcome:
    room = Room(out / "speaker.wav", aloud, scenario.echo)
    async with AsyncExitStack() as opened:
        if scenario.relay is None:
            shown: Credential = credential(config.link)
        else:
            settings = tuple(_settings("relay", scenario.config.get("relay", {})))
            running = await opened.enter_async_context(relay_process(scenario.relay, out, settings))
            shown = BearerToken(running.token)
            config = replace(config, link=replace(config.link, url=running.url))
        device = Device(config, [Signalling(config.link, shown)], room.board())
        left = evidence.Evidence(out, file, device)
        opened.push(left.ended)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(device.run())
            try:
                outcome = await Stage(scenario, config, room).play(device)
            finally:
                device.stop()
        if outcome.failures:
            left.keep("; ".join(outcome.failures))
    for number, answer in enumerate(outcome.answers, 1):
        room.cut(answer.start, answer.stop, out / f"answer-{number}.wav", PLAYOUT_RATE_HZ)
    return outcome


def _settings(path: str, value: Any) -> Iterator[str]:
    """As `--set` takes them: what a scenario configures of the relay that it starts."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _settings(f"{path}.{key}", inner)
    else:
        yield f"{path}={json.dumps(value)}"


def _as_json(scenario: Scenario, outcome: Outcome) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "failures": outcome.failures,
        "lost_samples": outcome.lost_samples,
        "turns": [report.as_json() for report in outcome.turns],
        "answers": [{"heard": a.heard, "said": a.text} for a in outcome.answers],
        "sightings": [[round(s.at, 3), s.what, s.text] for s in outcome.sightings],
    }


def _lines(scenario: Scenario, outcome: Outcome, out: Path) -> list[str]:
    lines = [line for report in outcome.turns for line in (*report.lines(), "")]
    for number, answer in enumerate(outcome.answers, 1):
        lines += [
            f"heard: {answer.heard}",
            f"said:  {answer.text}  ({out}/answer-{number}.wav)",
            "",
        ]
    lines.append(f"samples lost: {outcome.lost_samples}")
    lines += [f"FAILED {failure}" for failure in outcome.failures]
    if outcome.failures:
        lines.append(evidence.told(out))
    verdict = "failed" if outcome.failures else "passed"
    return [*lines, f"scenario {scenario.name}: {verdict}; everything is in {out}"]
