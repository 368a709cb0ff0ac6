"""What goes with a release: the list of its parts, who was asked about them, the same bytes."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgevoice import __version__
from edgevoice.models import catalogue

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = CHECKOUT / "scripts/release.d"


def run(program: str, *words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAMS / f"{program}.py", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environ,
    )


# -- parts ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sbom")
    done = run("sbom", "--into", folder)
    assert done.returncode == 0, done.stderr
    return folder


def parts(folder: Path, profile: str) -> dict[str, Any]:
    text = (folder / f"edgevoice-{__version__}-{profile}.cdx.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["device", "relay"])
def test_the_list_is_cyclonedx(listed: Path, profile: str) -> None:
    json_validation = pytest.importorskip("cyclonedx.validation.json")
    from cyclonedx.schema import SchemaVersion

    text = json.dumps(parts(listed, profile))
    validator = json_validation.JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None


@pytest.mark.slow
def test_every_part_has_hashes_and_a_licence(listed: Path) -> None:
    told = parts(listed, "device")["components"] + parts(listed, "relay")["components"]
    assert [one["name"] for one in told if not one["hashes"] or not one.get("licenses")] == []
    names = {one["name"] for one in told}
    assert {"aiohttp", "aiortc", "cryptography", "msgspec", "onnxruntime"} <= names
    assert not {"pytest", "atheris", "hatchling"} & names


@pytest.mark.slow
def test_models_are_parts_a_board_has_few(listed: Path) -> None:
    def models(profile: str) -> set[str]:
        return {
            part["name"]
            for part in parts(listed, profile)["components"]
            if part["type"] == "machine-learning-model"
        }

    offers = [offer for offer in catalogue.read() if not offer.optional]
    every = [model for offer in offers for model in offer.models]
    assert models("relay") == {model.name for model in every}
    assert models("device") == {model.name for model in every if model.wake}


@pytest.mark.slow
def test_what_needs_what_is_told_of_every_part(listed: Path) -> None:
    found = parts(listed, "relay")
    needs = {one["ref"]: one["dependsOn"] for one in found["dependencies"]}
    libraries = {one["bom-ref"] for one in found["components"] if one["type"] == "library"}
    assert libraries <= set(needs)
    assert {need for one in needs.values() for need in one} <= libraries
    reached, waiting = set(), [f"pkg:pypi/edgevoice@{__version__}"]
    while waiting:
        ref = waiting.pop()
        waiting += [need for need in needs[ref] if need not in reached]
        reached.add(ref)
    assert libraries <= reached


@pytest.mark.slow
def test_the_same_list_is_written_again(listed: Path, tmp_path: Path) -> None:
    assert run("sbom", "--into", tmp_path, PYTHONHASHSEED="7").returncode == 0
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (listed / path.name).read_bytes()


# -- audit ----------------------------------------------------------------------------------

HASH = "0" * 64
PINS = f"""\
good==1.0 --hash=sha256:{HASH}
twice==1.0 ; python_full_version < '3.12' --hash=sha256:{HASH}
twice==2.0 ; python_full_version >= '3.12' --hash=sha256:{HASH}
"""
FAKE = """\
#!{python}
import json, re, sys

KNOWN = {known!r}
words = sys.argv
if words[words.index("-s") + 1] != "pypi":
    sys.exit("nobody there")
answers = []
for name, version in re.findall("(.*)==(.*) --hash", open(words[words.index("-r") + 1]).read()):
    flaws = KNOWN.get(name + " " + version)
    told = {{"skip_reason": "not found"}} if flaws is None else {{"vulns": flaws}}
    answers.append({{"name": name, "version": version, **told}})
with open(words[words.index("-o") + 1], "w") as file:
    json.dump({{"dependencies": answers}}, file)
"""
FINE: dict[str, list[Any]] = {"good 1.0": [], "twice 1.0": [], "twice 2.0": []}
FLAW = {"id": "PYSEC-1", "fix_versions": ["2.1"]}


def audited(folder: Path, known: dict[str, list[Any]]) -> tuple[int, str]:
    """What the auditor says where this is what is known; of the rest nobody knows anything."""
    (folder / "pins.txt").write_text(PINS)
    fake = folder / "pip-audit"
    fake.write_text(FAKE.format(python=sys.executable, known=known))
    fake.chmod(0o755)
    done = run("audit", "--constraints", folder / "pins.txt", "--pip-audit", fake)
    return done.returncode, done.stdout


@pytest.mark.slow
def test_nothing_is_known_of_anything(tmp_path: Path) -> None:
    assert audited(tmp_path, FINE) == (0, "audit: fine: nothing is known about any of 3 packages\n")


@pytest.mark.slow
def test_a_flaw_of_any_version_is_told_and_what_mends_it(tmp_path: Path) -> None:
    status, told = audited(tmp_path, FINE | {"twice 2.0": [FLAW]})
    assert status == 1
    assert "twice 2.0: PYSEC-1; mended in 2.1" in told
    assert "scripts/lock --upgrade-package" in told


@pytest.mark.slow
def test_what_nobody_could_be_asked_about_is_not_fine(tmp_path: Path) -> None:
    status, told = audited(tmp_path, {"good 1.0": []})
    assert status == 2
    assert "could not ask about 2 of 3 packages (twice" in told
    assert "fine:" not in told


@pytest.mark.slow
def test_a_flaw_counts_though_others_are_unknown(tmp_path: Path) -> None:
    assert audited(tmp_path, {"good 1.0": [FLAW]})[0] == 1


@pytest.mark.slow
def test_a_pin_without_hashes_is_not_even_asked_about(tmp_path: Path) -> None:
    (tmp_path / "pins.txt").write_text("good==1.0\n")
    done = run("audit", "--constraints", tmp_path / "pins.txt")
    assert done.returncode == 1
    assert "good==1.0 is not one version with hashes; run scripts/lock" in done.stderr


# -- wheel ----------------------------------------------------------------------------------

SOURCES = ("edgevoice", "config", "systemd", "README.md", "LICENSE", "CHANGELOG.md")
SOURCES += ("pyproject.toml", ".gitignore")
DATE = "1700000000"


def copied(into: Path, umask: int, modified: int) -> Path:
    """The sources elsewhere, of other times and with other permissions."""
    into.mkdir(parents=True)
    for name in SOURCES:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, into / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, into / name)
    for path in into.rglob("*"):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
        os.utime(path, (modified, modified))
    return into


def built(source: Path, into: Path, umask: int) -> dict[str, str]:
    before = os.umask(umask)
    try:
        done = run("wheel", "--of", source, "--into", into, SOURCE_DATE_EPOCH=DATE)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in into.iterdir()}


@pytest.mark.slow
def test_the_same_sources_make_the_same_bytes(tmp_path: Path) -> None:
    one = copied(tmp_path / "one", 0o022, 1_600_000_000)
    other = copied(tmp_path / "some/where/else", 0o077, 1_750_000_000)
    made = built(one, tmp_path / "made", 0o022)
    assert len(made) == 2
    assert made == built(other, tmp_path / "again", 0o077)
