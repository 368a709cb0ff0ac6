"""The pages and completions say what the parser says, and the programs that read them can."""

import shutil
import subprocess
from pathlib import Path

import pytest

from edgevoice.cli import main, parser
from edgevoice.owner.manual import commands, settings


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    assert main(["manual", str(tmp_path)]) == 0
    return tmp_path


def test_every_command_has_its_section() -> None:
    page = commands(parser()).replace("\\-", "-")
    for name in ("run", "relay", "relay token", "pair", "doctor", "status", "config check"):
        assert f"edgevoice {name}\\fR" in page, name


def test_every_setting_is_told() -> None:
    page = settings().replace("\\-", "-")
    assert "  follow_up_s: 8.0" in page
    assert "# After an answer, listen this long without a wake word; 0 turns it off." in page


def test_both_pages_are_where_man_looks(pages: Path) -> None:
    assert {str(page.relative_to(pages)) for page in pages.rglob("*.?")} == {
        "man1/edgevoice.1",
        "man5/edgevoice.yaml.5",
    }


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_they_are_set_without_a_complaint(pages: Path) -> None:
    for page in pages.rglob("*.?"):
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", page], capture_output=True, text=True, check=True
        )
        assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_knows_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "doctor" in script and "simulate" in script


@pytest.mark.slow
def test_bash_completes_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])
    script = tmp_path / "edgevoice"
    script.write_text(capsys.readouterr().out)
    asked = (
        f"source {script}; COMP_WORDS=(edgevoice doc); COMP_CWORD=1; COMP_LINE='edgevoice doc';"
        " COMP_POINT=13; $(complete -p edgevoice | sed 's/.*-F //;s/ .*//');"
        ' echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["doctor"]
