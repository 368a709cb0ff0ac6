"""Plays a scenario: the script on one side, a whole device on the other, one clock between them."""

import asyncio
from dataclasses import dataclass, field

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.audio.wav import read_wav
from edgevoice.config import Config
from edgevoice.daemon.app import Device
from edgevoice.daemon.diary.waterfall import TurnReport
from edgevoice.simulator.room import Room
from edgevoice.simulator.scenario import Command, Expect, Play, Press, Requirements, Scenario, Step
from edgevoice.simulator.witness import Answer, Sighting, Witness, state_of

LAMP_LOOK_S = 0.05
PRESS_S = 0.12
"""A finger's quickest press is about this long."""


@dataclass(slots=True)
class Outcome:
    """What came of a scenario."""

    failures: list[str] = field(default_factory=list)
    turns: list[TurnReport] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)

    @property
    def lost_samples(self) -> int:
        """Counts run through a session: the last turn of each has the sum."""
        sessions = {report.samples.first_sample: report.samples.lost for report in self.turns}
        return sum(sessions.values())


class Stage:
    def __init__(self, scenario: Scenario, config: Config, room: Room) -> None:
        self._scenario = scenario
        self._config = config
        self._room = room

    async def play(self, device: Device) -> Outcome:
        """Run the script against a device that is being run by the caller."""
        loop = asyncio.get_running_loop()
        await device.ready.wait()
        began = loop.time()
        witness = Witness(
            lambda: loop.time() - began,
            lambda: device.turns.reports,
            lambda: self._room.speaker.position,
            state_of(device.runner.transceiver),
        )
        device.runner.observers.append(witness.observe)
        outcome = Outcome()
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._watch_lamps(witness))
            for number, step in enumerate(self._scenario.steps, 1):
                if step.at_s is not None:
                    await asyncio.sleep(began + step.at_s - loop.time())
                await asyncio.sleep(step.after_s)
                failure = await self._act(step, device, witness)
                if failure:
                    outcome.failures.append(f"step {number}: {failure}")
                    break
            looking.cancel()
        outcome.turns = list(device.turns.reports)
        outcome.answers = witness.answers
        outcome.sightings = witness.sightings
        outcome.failures += unmet(self._scenario.require, outcome)
        return outcome

    async def _act(self, step: Step, device: Device, witness: Witness) -> str:
        """Do one step; what went wrong, or nothing."""
        if isinstance(step.verb, Expect):
            if await witness.expect(step.verb) is None:
                return _missed(step.verb, witness.sightings)
            return ""
        witness.turn_the_page()
        match step.verb:
            case Play(path):
                samples = read_wav(path)
                self._room.microphone.say(samples)
                await asyncio.sleep(len(samples) / CAPTURE_RATE_HZ)
            case Press(gesture):
                await self._press(gesture)
            case Command(name):
                device.command(name)
        return ""

    async def _press(self, gesture: str) -> None:
        button = self._config.button
        length_s = {"long": button.long_s + PRESS_S, "very_long": button.very_long_s + PRESS_S}
        for _ in range({"double": 2, "triple": 3}.get(gesture, 1)):
            await self._hold(length_s.get(gesture, PRESS_S))

    async def _hold(self, seconds: float) -> None:
        pin = self._config.button.pin
        assert pin is not None, "checked before the scenario began"
        pressed_level = not self._config.button.pull_up
        self._room.pins.drive(pin, pressed_level)
        await asyncio.sleep(seconds)
        self._room.pins.drive(pin, not pressed_level)
        await asyncio.sleep(PRESS_S)

    async def _watch_lamps(self, witness: Witness) -> None:
        before: dict[str, bool] = {}
        while True:
            for lamp in self._config.lamps:
                is_on = self._room.pins.is_high(lamp.pin) == lamp.active_high
                if before.get(lamp.name, False) != is_on:
                    witness.saw("lamp on" if is_on else "lamp off", lamp.name)
                before[lamp.name] = is_on
            await asyncio.sleep(LAMP_LOOK_S)


def unmet(require: Requirements, outcome: Outcome) -> list[str]:
    """Which requirements of the whole run do not hold."""
    failures = []
    if require.answers is not None and len(outcome.answers) != require.answers:
        failures.append(f"{require.answers} answers wanted, {len(outcome.answers)} played")
    for wanted, what, text in (
        (require.interruptions, "interrupted", "interruptions"),
        (require.wakes, "wake", "wakes"),
    ):
        seen = sum(sighting.what == what for sighting in outcome.sightings)
        if wanted is not None and seen != wanted:
            failures.append(f"{wanted} {text} wanted, {seen} seen")
    if require.lost_samples is not None and outcome.lost_samples > require.lost_samples:
        failures.append(f"at most {require.lost_samples} samples lost, not {outcome.lost_samples}")
    return failures


def _missed(expected: Expect, sightings: list[Sighting]) -> str:
    pattern = f" matching {expected.matching.pattern!r}" if expected.matching else ""
    seen = "; ".join(f"{s.at:.2f} {s.what} {s.text}".strip() for s in sightings[-6:]) or "nothing"
    return f"no {expected.what}{pattern} within {expected.within_s:g} s; lately seen: {seen}"
