"""Which checks there are, and which of them were asked for."""

from pathlib import Path

import pytest

from edgevoice.config import Config
from edgevoice.doctor.cli_commands import SUBJECTS
from edgevoice.doctor.plan import chosen, plan, subjects_here, without_configuration
from tests.doctor.boards import Board


def test_the_help_names_each_in_the_order_in_which_they_are_told(tmp_path: Path) -> None:
    checks = plan(Config(), Board(tmp_path).machine)
    assert list(dict.fromkeys(check.subject for check in checks)) == list(SUBJECTS)


def test_only_those_that_were_asked_for(tmp_path: Path) -> None:
    checks = plan(Config(), Board(tmp_path).machine)
    assert [check.subject for check in chosen(checks, ["sound", "board"])] == ["board", "sound"]
    assert chosen(checks, []) == checks


def test_a_broken_configuration_leaves_some(tmp_path: Path) -> None:
    checks = without_configuration(Board(tmp_path).machine)
    assert [check.subject for check in checks] == ["power", "disk", "clock", "unit"]


@pytest.mark.parametrize(
    ("device", "relay", "subjects"),
    [
        ("loaded", "loaded", ()),
        ("loaded", "not-found", ()),
        ("not-found", "not-found", ()),
        ("not-found", "loaded", ("power", "clock", "versions", "relay")),
    ],
)
def test_where_only_a_relay_is_nobody_misses_a_microphone(
    tmp_path: Path, device: str, relay: str, subjects: tuple[str, ...]
) -> None:
    says = {
        "systemctl show edgevoice-relay": f"LoadState={relay}\nUnitFileState=enabled\n",
        "systemctl show edgevoice -p": f"LoadState={device}\n",
    }
    assert subjects_here(Board(tmp_path, says=says).machine) == subjects
