"""What the board wrote itself, after its disk has had its way with it."""

import math
import shutil

from edgevoice.daemon.context_memory import ContextMemory
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.hardware.system import line_file
from edgevoice.hardware.system.state_file import StateFile
from tests.fuzzing.scratch import folder, written

KEEP_S = 600.0
NOW = 1_800_000_000.0


def contract(data: bytes) -> None:
    """Reading never raises, and what was read can be written and read again."""
    for old in folder().glob("state.json*"):
        old.unlink()
    file = StateFile(written("state.json", data))
    state = file.load()
    settings = SettingsMemory(file)
    settings.load()
    assert settings.volume_percent is None or 0 <= settings.volume_percent <= 100
    assert settings.recording in (None, True, False)
    assert file.save(state)
    assert _same(file.load(), state)
    _remembered(data)
    _lines(data)


def _remembered(data: bytes) -> None:
    file = StateFile(written("context.json", data))
    memory = ContextMemory(file, (), KEEP_S, lambda: NOW, lambda: 5.0)
    memory.load()
    kept = memory.remembered
    assert kept is None or (kept.forget_at is not None and 5.0 <= kept.forget_at <= 5.0 + KEEP_S)


def _lines(data: bytes) -> None:
    path = written("lines.jsonl", data)
    before = list(line_file.read_lines(path))
    line_file.append(path, [{"one": "more"}])
    after = list(line_file.read_lines(path))
    assert len(after) == len(before) + 1
    assert after[-1] == {"one": "more"}
    shutil.rmtree(path, ignore_errors=True)


def _same(one: object, other: object) -> bool:
    """NaN is the same as NaN here."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other
