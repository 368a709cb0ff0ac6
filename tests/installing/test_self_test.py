"""`edgevoice self-test`: what it lets pass, and what it does not."""

from pathlib import Path

import pytest

from edgevoice.cli import main

pytestmark = pytest.mark.models


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    status = main(["self-test", *words])
    return status, capsys.readouterr().out.splitlines()


@pytest.mark.slow
def test_a_whole_installation_passes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("{}\n")
    status, lines = told(capsys, "-c", str(tmp_path / "c.yaml"), "--part", "device")
    assert status == 0
    assert [line.split()[0] for line in lines] == ["ok"] * len(lines)
    assert any('"alexa" is heard in a recording' in line for line in lines)


def test_a_configuration_that_it_does_not_understand_fails(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "c.yaml").write_text("turn: {idle: 3}\nwake: {folders: x}\n")
    status, lines = told(capsys, "-c", str(tmp_path / "c.yaml"), "--part", "relay")
    assert status == 1
    assert [line.startswith("FAILED configuration:") for line in lines][:2] == [True, True]


def test_models_that_are_missing_fail(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("-c", str(tmp_path), "--set", f"wake.models_dir={tmp_path}", "--part", "device")
    status, lines = told(capsys, *words)
    assert status == 1
    failed = [line.split(":")[0].split(maxsplit=1)[1] for line in lines if "FAILED" in line]
    assert failed == ["device", "wake word", "own words"]
