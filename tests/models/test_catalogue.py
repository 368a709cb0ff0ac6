"""What is offered: complete, pinned, and told in words."""

from pathlib import Path

import pytest

from edgevoice.config_file import effective
from edgevoice.errors import ModelError
from edgevoice.models import catalogue
from edgevoice.models.installing import CONVERSIONS
from tests.models.wheels import entry

OFFERS = catalogue.read()


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.name)
def test_each_offer_says_what_it_is(offer: catalogue.Offer) -> None:
    assert offer.use and offer.boards and offer.licence
    assert offer.megabytes > 0
    assert offer.source.startswith("https://")
    assert offer.setting or not offer.optional
    assert all(len(model.sha256) == 64 for model in offer.models)
    assert len(offer.package.sha256) == 64
    assert "==" in offer.package.requirement
    for derived in offer.derived:
        assert (CONVERSIONS / derived.script).is_file()


def test_names_are_different_and_so_are_files() -> None:
    names = [offer.name for offer in OFFERS]
    files = [model.name for offer in OFFERS for model in offer.models]
    assert len(set(names)) == len(names)
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.name)
def test_the_settings_it_names_are_settings(offer: catalogue.Offer) -> None:
    lines = [line for line in offer.setting.splitlines() if line.startswith("relay.")]
    assert effective([], [line.replace(": ", "=", 1) for line in lines])


def test_what_a_package_does_not_say_has_a_default(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(entry("0" * 64))
    [offer] = catalogue.read(tmp_path / "models.toml")
    assert offer.name == "toy-models"
    assert not offer.optional
    assert [model.name for model in offer.models] == ["toys/ear.onnx", "toys/deep/voice.onnx"]
    assert not offer.is_in(tmp_path)


GOOD = entry("0" * 64)
WRONG = {
    "no TOML": "[[package",
    "not UTF-8": b"\xff".decode("latin-1"),
    "no package": "a = 1",
    "a hash that is a number": GOOD.replace('sha256 = "', 'sha256 = 1\nother = "', 1),
    "brackets": "a = " + "[" * 3_000,
    "outside": GOOD.replace('"ear.onnx"', '"../../ear.onnx"'),
    "anywhere": GOOD.replace('"ear.onnx"', '"/ear.onnx"'),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_catalogue_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match=r"models.toml is no catalogue of models .*--catalogue"):
        catalogue.read(path)


def test_one_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models.toml cannot be read"):
        catalogue.read(tmp_path / "models.toml")
