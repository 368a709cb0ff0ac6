"""edgevoice next to what a user would pick instead: cost, wake words, words lost, delays, recovery.

    scripts/bench peers [--quick] [--speech DIR] [--rows idle,waking,...] [--into DIR] [--again]

Peers are installed from PyPI into `.venv-peers`, in the versions that
`scripts/bench.d/peers/requirements` pins. Writes peers.md, peers.json and pictures into
docs/benchmarks. Wants a machine that does nothing else: about 15 minutes of it, 3 with --quick.
"""

import argparse
import dataclasses
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # for the tests' room and recordings

from hearing.rooms import Recordings, recordings  # noqa: E402
from peers import environments, idling, interrupting, recovering, talking, waking  # noqa: E402
from peers.machine import busy, machine  # noqa: E402
from peers.page import page  # noqa: E402
from peers.plots import draw  # noqa: E402
from peers.room import Room  # noqa: E402
from peers.scenes import (  # noqa: E402
    ANSWER,
    LONG_ANSWER_S,
    hum,
    one_breath,
    recording,
    television,
    write_answers,
)
from peers.systems import LISTENING, TALKING, System  # noqa: E402

TOLD = (
    "wyoming-satellite", "wyoming-openwakeword", "openwakeword", "aiortc", "pyopen-wakeword",
    "pymicro-wakeword", "onnxruntime", "numpy", "Python",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Size:
    """How much is measured."""

    idle_s: float
    breaths: int
    interruptions: int
    losses: int
    patience_s: float


FULL = Size(idle_s=60, breaths=8, interruptions=3, losses=3, patience_s=40)
QUICK = Size(idle_s=12, breaths=2, interruptions=1, losses=1, patience_s=20)


class Bench:
    def __init__(self, size: Size, files: Recordings, folder: Path, here: Sequence[type[System]]):
        self._size, self._files, self._folder, self._here = size, files, folder, here
        self.failed: dict[str, str] = {}

    def idle(self) -> dict[str, Any]:
        seconds = self._size.idle_s
        with ExitStack() as stack:
            room = self._room(stack, "idle")
            systems = self._started(stack, room, LISTENING, "idle", recording(ANSWER))
            sound = television(self._files, seconds)
            return {
                "quiet": idling.idle(room, systems, seconds, None),
                "television": idling.idle(room, systems, seconds, sound),
            }

    def waking(self) -> list[waking.Quality]:
        folder = self._folder / "waking"
        folder.mkdir()
        names = {system.name for system in self._here}
        files = replace(self._files, orders=self._files.orders[::8])
        engines = [one for one in waking.all_engines(folder) if one.name in names]
        return waking.measure(files, folder, engines)

    def talking(self) -> dict[str, Any]:
        """Trial by trial, everybody in turn. Those who wait are asleep in a room of their own."""
        heard: dict[str, list[talking.Heard]] = {}
        answer = recording(ANSWER)
        with ExitStack() as stack:
            pairs = self._apart(stack, TALKING, "talking", answer)
            for n in range(self._size.breaths):
                said = one_breath()[n % len(one_breath())]
                for room, system in pairs:
                    with suppress(talking.Garbled):  # not a trial
                        one = talking.talk(room, system, said, answer)
                        heard.setdefault(system.name, []).append(one)
        return heard

    def interrupting(self) -> dict[str, Any]:
        """A satellite that only its wake word could stop is called by it."""
        told: dict[str, list[interrupting.Interrupted]] = {}
        with ExitStack() as stack:
            pairs = self._apart(stack, TALKING, "interrupting", hum(LONG_ANSWER_S))
            for n in range(self._size.interruptions):
                said = one_breath()[n % 2]
                for room, system in pairs:
                    words = (
                        one_breath()[1 - n % 2].sound
                        if system.name.startswith("wyoming")
                        else recording("what_time_is_it")
                    )
                    with suppress(talking.Garbled):  # not a trial
                        one = interrupting.interrupt(room, system, said, words, LONG_ANSWER_S)
                        told.setdefault(system.name, []).append(one)
        return told

    def recovering(self) -> dict[str, Any]:
        told: dict[str, dict[str, list[recovering.Recovered]]] = {"microphone": {}, "server": {}}
        word = recording("alexa_107")
        losses: tuple[recovering.Loss, ...] = ("microphone", "server")
        with ExitStack() as stack:
            room = self._room(stack, "recovering")
            systems = self._started(stack, room, TALKING, "recovering", recording(ANSWER))
            for loss in losses * self._size.losses:
                found = recovering.recover(room, systems, loss, word, self._size.patience_s)
                for name, one in found.items():
                    told[loss].setdefault(name, []).append(one)
        return told

    def _room(self, stack: ExitStack, name: str) -> Room:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ev-")))
        room = Room(folder)
        stack.callback(room.kill)
        room.start()
        return room

    def _started(
        self,
        stack: ExitStack,
        room: Room,
        kinds: Sequence[type[System]],
        row: str,
        answer: Any,
    ) -> list[System]:
        systems = []
        for kind in kinds:
            if kind in self._here:
                system = kind(self._folder / row / kind.__name__, room.environment)
                system.folder.mkdir(parents=True)
                if kind.answer_rate_hz:
                    write_answers(system.folder, answer, kind.answer_rate_hz)
                stack.callback(system.stop)
                print(f"bench:   {system.name}", file=sys.stderr)
                try:
                    system.start()
                    systems.append(system)
                except TimeoutError as error:
                    print(f"bench: {row} without {system.name}: {error}", file=sys.stderr)
                    self.failed[f"{row} of {system.name}"] = str(error)
        return systems

    def _apart(
        self, stack: ExitStack, kinds: Sequence[type[System]], row: str, answer: Any
    ) -> list[tuple[Room, System]]:
        pairs = []
        for kind in kinds:
            if kind in self._here:
                room = self._room(stack, row)
                pairs += [
                    (room, system) for system in self._started(stack, room, (kind,), row, answer)
                ]
        return pairs


ROWS: dict[str, Callable[[Bench], Any]] = {
    "idle": Bench.idle,
    "waking": Bench.waking,
    "talking": Bench.talking,
    "interrupting": Bench.interrupting,
    "recovering": Bench.recovering,
}


def installed() -> tuple[list[type[System]], dict[str, str]]:
    """Who can be measured here, and why others cannot."""
    here: list[type[System]] = []
    missing: dict[str, str] = {}
    for kind in LISTENING:
        try:
            for environment in kind.needs:
                environments.prepare(environment)
            here.append(kind)
        except environments.Missing as error:
            missing[kind.name] = str(error)
            print(f"bench: {kind.name} is left out: {error}", file=sys.stderr)
    return here, missing


def versions(here: Sequence[type[System]]) -> dict[str, dict[str, str]]:
    """Of what the names in the table stand for."""
    found = {"edgevoice": {"edgevoice": metadata.version("edgevoice")}}
    for name in ("aiortc", "onnxruntime", "numpy"):
        found["edgevoice"][name] = metadata.version(name)
    for kind in here:
        for environment in kind.needs:
            told = environment.versions
            found[environment.name] = {name: told[name] for name in TOLD if name in told}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench peers", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a fraction, to see that it works")
    parser.add_argument("--speech", type=Path, metavar="DIR", help="recordings for the wake words")
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--into", type=Path, default=ROOT / "docs/benchmarks", metavar="DIR")
    parser.add_argument("--again", action="store_true", help="only draw what peers.json has")
    options = parser.parse_args()
    if options.again:
        write(json.loads((options.into / "peers.json").read_text()), options.into)
        return 0
    wanted = options.rows.split(",")
    if unknown := set(wanted) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    here, missing = installed()
    results: dict[str, Any] = {
        "command": "scripts/bench peers"
        + (" --quick" if options.quick else "")
        + (" --speech DIR" if options.speech else ""),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "busy": busy(),
        "systems": {kind.name: kind.how for kind in here},
        "missing": missing,
        "failed": {},
        "versions": versions(here),
    }
    with tempfile.TemporaryDirectory(prefix="ev-peers-") as folder:
        size = QUICK if options.quick else FULL
        bench = Bench(size, recordings(options.speech), Path(folder), here)
        for name in wanted:
            print(f"bench: {name} ...", file=sys.stderr)
            try:
                results[name] = plain(ROWS[name](bench))
            except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError) as error:
                bench.failed[name] = str(error)
                print(f"bench: {name} failed: {error}", file=sys.stderr)
            results["failed"] = bench.failed
            write(results, options.into)  # what there is, should the rest fail
    print((options.into / "peers.md").read_text())
    return 1 if results["failed"] else 0


def plain(value: Any) -> Any:
    """As JSON has it; microseconds and kilobytes are enough."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value


def write(results: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    results["plots"] = draw(results, folder)
    (folder / "peers.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "peers.md").write_text(page(results))


if __name__ == "__main__":
    sys.exit(main())
