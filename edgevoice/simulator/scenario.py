"""A scenario: what happens in the simulated room, and what the board is expected to do.

::

    name: a kitchen
    relay: local              # a relay of our own: local or parrot; none: the configured one
    config: {turn: {follow_up_s: 5}}   # also of the relay that is started
    echo: {delay_ms: 90, level_db: -10, saturation: 1, drift_ppm: 50}
    steps:
      - {at: 1.0, play: alexa_what_time_is_it.wav}
      - {expect: listening, within: 0.5}
      - {expect: answer, matching: it is, within: 10}
      - {after: 0.5, press: button}
    require: {answers: 1, lost_samples: 0}

A step has one verb. `at` waits until that second of the scenario, `after` waits
that long after the step before. `play` is done when the last sample of the file
has been captured. `expect` looks at everything since the last step that was not
an expectation, and waits up to `within` seconds for it.

With `echo` the microphone hears what the loudspeaker plays: so much later (the delays
of both devices and of the air), so much louder in dB (below 0: quieter), through a
speaker driven so far (0 not at all, 1 mildly, 6 terribly), by a clock so much faster.

Reading only; `stage.py` plays it.
"""

import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import yaml

from edgevoice.errors import ScenarioError

PACKAGED = Path(__file__).parent / "scenarios"
SPEECH = Path(__file__).parent / "speech"

EXPECTABLE = (
    "wake",
    "connecting",
    "listening",
    "thinking",
    "speaking",
    "idle",
    "muted",
    "heard",
    "answer",
    "hint",
    "interrupted",
    "lamp on",
    "lamp off",
)
"""States, a wake word, what the relay heard, an answer played to its end, a voice that
lowered an answer and what stopped one (`voice`, `relay`, `wake word`, `button`), a lamp."""

TOP = ("name", "relay", "config", "echo", "steps", "require")
PRESSES = ("button", "double", "triple", "long", "very_long")
COMMANDS = ("mute", "unmute", "stop", "wake")


@dataclass(frozen=True, slots=True)
class Play:
    path: Path


@dataclass(frozen=True, slots=True)
class Press:
    """The button: once, or as its gestures are called."""

    gesture: str = "button"


@dataclass(frozen=True, slots=True)
class Command:
    """What `edgevoice mute|unmute|stop|wake` does."""

    name: str


@dataclass(frozen=True, slots=True)
class Expect:
    what: str
    matching: re.Pattern[str] | None
    within_s: float


@dataclass(frozen=True, slots=True)
class Step:
    verb: Play | Press | Command | Expect
    at_s: float | None = None
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Echo:
    """What becomes of played sound on its way to the microphone."""

    delay_ms: float = 90.0
    level_db: float = -10.0
    saturation: float = 0.0
    drift_ppm: float = 0.0


ECHO_LIMITS = {
    "delay_ms": (0, 500),
    "level_db": (-60, 12),
    "saturation": (0, 10),
    "drift_ppm": (-500, 500),
}


@dataclass(frozen=True, slots=True)
class Requirements:
    """What must be true of the whole run: exactly so many, but at most so many lost samples."""

    answers: int | None = None
    interruptions: int | None = None
    wakes: int | None = None
    lost_samples: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    steps: tuple[Step, ...]
    relay: Literal["local", "parrot"] | None = None
    config: dict[str, Any] = field(default_factory=dict)
    echo: Echo | None = None
    require: Requirements = Requirements()


def find(name: str) -> Path:
    """A scenario file by path, or one of the packaged ones by name."""
    for candidate in (Path(name), PACKAGED / f"{name}.yaml"):
        if candidate.is_file():
            return candidate
    packaged = ", ".join(sorted(path.stem for path in PACKAGED.glob("*.yaml")))
    raise ScenarioError(f"{name}: no such file, and no packaged scenario (there are: {packaged})")


def read(path: Path) -> Scenario:
    """Read and check a scenario; raises ScenarioError naming every mistake."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as trouble:
        raise ScenarioError(f"{path}: {trouble.strerror or trouble}") from trouble
    except UnicodeDecodeError as trouble:
        raise ScenarioError(f"{path} is no text file; a scenario must be YAML") from trouble
    except yaml.YAMLError as trouble:
        raise ScenarioError(f"{path}{_where(trouble)}") from trouble
    return Reader(path).scenario(raw)


def _where(trouble: yaml.YAMLError) -> str:
    """Line and problem, in one line."""
    if isinstance(trouble, yaml.MarkedYAMLError) and trouble.problem_mark is not None:
        return f":{trouble.problem_mark.line + 1}: {trouble.problem}"
    return f": {' '.join(str(trouble).split())}"


class Reader:
    """Turns plain YAML values into a Scenario and collects mistakes on the way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mistakes: list[str] = []

    def scenario(self, raw: Any) -> Scenario:
        top = self._mapping(raw, "scenario", TOP)
        steps = top.get("steps")
        if not isinstance(steps, list) or not steps:
            self._wrong("steps", "a list with at least one step is needed")
            steps = []
        relay = top.get("relay")
        if relay not in (None, "local", "parrot"):
            self._wrong("relay", f"local or parrot, not {relay!r}")
        built = Scenario(
            name=str(top.get("name", self._path.stem)),
            steps=tuple(self._step(raw, f"steps[{n}]") for n, raw in enumerate(steps)),
            relay=relay,
            config=self._mapping(top.get("config", {}), "config", None),
            echo=self._echo(top["echo"]) if "echo" in top else None,
            require=self._requirements(top.get("require", {})),
        )
        if self._mistakes:
            raise ScenarioError("\n".join(f"{self._path}: {line}" for line in self._mistakes))
        return built

    def _step(self, raw: Any, where: str) -> Step:
        verbs = {"play", "press", "do", "expect"}
        known = (*verbs, "at", "after", "matching", "within")
        step = self._mapping(raw, where, known)
        named = sorted(verbs & step.keys())
        if len(named) != 1:
            self._wrong(where, f"exactly one of {', '.join(sorted(verbs))} is needed")
            return Step(Press())
        if named != ["expect"] and {"matching", "within"} & step.keys():
            self._wrong(where, "matching and within go with expect")
        at = self._seconds(step, "at", where) if "at" in step else None
        after = self._seconds(step, "after", where) if "after" in step else 0.0
        return Step(self._verb(named[0], step, where), at, after)

    def _verb(self, verb: str, step: dict[str, Any], where: str) -> Play | Press | Command | Expect:
        value = str(step[verb])
        match verb:
            case "play":
                return Play(self._sound(value, where))
            case "press":
                self._choice(value, PRESSES, f"{where}.press")
                return Press(value)
            case "do":
                self._choice(value, COMMANDS, f"{where}.do")
                return Command(value)
            case _:
                self._choice(value, EXPECTABLE, f"{where}.expect")
                return self._expect(value, step, where)

    def _expect(self, what: str, step: dict[str, Any], where: str) -> Expect:
        pattern = None
        if "matching" in step:
            try:
                pattern = re.compile(str(step["matching"]), re.IGNORECASE)
            except re.error as trouble:
                self._wrong(f"{where}.matching", f"not a regular expression: {trouble}")
        within = self._seconds(step, "within", where) if "within" in step else 5.0
        return Expect(what, pattern, within)

    def _sound(self, name: str, where: str) -> Path:
        for candidate in (self._path.parent / name, SPEECH / name, Path(name)):
            if candidate.is_file():
                return candidate
        self._wrong(
            f"{where}.play", f"{name}: no such file beside the scenario or in {SPEECH.name}/"
        )
        return Path(name)

    def _echo(self, raw: Any) -> Echo:
        given = self._mapping(raw, "echo", tuple(ECHO_LIMITS))
        for key, value in given.items():
            low, high = ECHO_LIMITS[key]
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (is_number and low <= value <= high):
                self._wrong(f"echo.{key}", f"a number from {low} to {high}, not {value!r}")
        return Echo() if self._mistakes else Echo(**given)

    def _requirements(self, raw: Any) -> Requirements:
        known = tuple(item.name for item in fields(Requirements))
        top = self._mapping(raw, "require", known)
        for key, value in top.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                self._wrong(f"require.{key}", f"a whole number from 0, not {value!r}")
        if self._mistakes:
            return Requirements()
        return Requirements(**top)

    def _seconds(self, step: dict[str, Any], key: str, where: str) -> float:
        value = step[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3_600:
            self._wrong(f"{where}.{key}", f"seconds from 0 to 3600, not {value!r}")
            return 0.0
        return float(value)

    def _choice(self, value: str, allowed: tuple[str, ...], where: str) -> None:
        if value not in allowed:
            self._wrong(where, f"one of {', '.join(allowed)}; not {value!r}")

    def _mapping(self, raw: Any, where: str, known: tuple[str, ...] | None) -> dict[str, Any]:
        if not isinstance(raw, dict):
            self._wrong(where, f"a mapping is needed, not {raw!r}")
            return {}
        if known is not None:
            for key in sorted(str(key) for key in raw.keys() - set(known)):
                self._wrong(where, f"unknown key {key!r}; known: {', '.join(known)}")
        return {str(key): value for key, value in raw.items() if known is None or key in known}

    def _wrong(self, where: str, what: str) -> None:
        self._mistakes.append(f"{where}: {what}")
