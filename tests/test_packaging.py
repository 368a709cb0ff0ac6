"""What is pinned is what is needed, with hashes and without hosts; the wheel has its data."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edgevoice.cli import main

CHECKOUT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
UNPINNED = {"systemd"}
"""A source package, built where it is wanted; scripts/setup installs none."""
PINNED_FILES = ("constraints.txt", "bootstrap.txt")


def pinned(name: str) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a file of scripts/lock, and its hashes."""
    text = (CHECKOUT / "scripts" / name).read_text().replace("\\\n", " ")
    parts = [line.split(" --hash=sha256:") for line in text.splitlines() if line.strip()]
    return [(Requirement(first.strip()), [h.strip() for h in rest]) for first, *rest in parts]


@pytest.mark.parametrize("name", PINNED_FILES)
def test_every_pin_is_exact_and_has_hashes(name: str) -> None:
    assert pinned(name)
    for requirement, hashes in pinned(name):
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes), requirement


@pytest.mark.parametrize("name", PINNED_FILES)
def test_no_pin_names_a_host(name: str) -> None:
    text = (CHECKOUT / "scripts" / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash)", text, re.M)


def test_everything_we_ask_for_is_pinned_to_a_version_we_allow() -> None:
    asked = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    asked += [need for extra in EXTRAS if extra not in UNPINNED for need in EXTRAS[extra]]
    asked += PROJECT["build-system"]["requires"]
    pins: dict[str, list[str]] = {}
    for requirement, _ in pinned("constraints.txt"):
        name = canonicalize_name(requirement.name)
        pins.setdefault(name, []).append(str(requirement.specifier).removeprefix("=="))
    for need in map(Requirement, asked):
        versions = pins[canonicalize_name(need.name)]
        assert any(need.specifier.contains(version) for version in versions), need


def test_the_board_needs_nothing_that_only_servers_can_carry() -> None:
    names = {canonicalize_name(Requirement(need).name) for need in EXTRAS["device"]}
    assert "hibari-tts" not in names
    assert "systemd-python" not in names  # has no wheels


def test_the_command_is_the_one_here() -> None:
    assert resolve_name(PROJECT["project"]["scripts"]["edgevoice"]) is main


@pytest.mark.slow
def test_the_wheel_has_its_data_and_nothing_from_beside_the_package(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        str(path.relative_to(CHECKOUT))
        for path in (CHECKOUT / "edgevoice").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"edgevoice/py.typed", "edgevoice/boards/none.yaml"} <= shipped <= names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"edgevoice"}
    assert any(name.endswith("data/share/edgevoice/systemd/edgevoice.service") for name in names)
