"""Model files that were changed, and processors that are too slow for them."""

from pathlib import Path

import pytest

from edgevoice.config import Config, VadConfig, WakeConfig, WakeWordConfig
from edgevoice.doctor.checks.models import MOST_SOUND_S, Pace, bytes_of_models, pace, speed
from edgevoice.models.catalogue import Model, Offer, Package, sha256_of


def offer(*models: Model) -> Offer:
    return Offer("x", Package("x==1", "", "", "", models), (), "", "", "", 1.0, False)


def test_a_file_that_is_not_what_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"a")
    (tmp_path / "b.onnx").write_bytes(b"b")
    good = Model("a.onnx", sha256_of(tmp_path / "a.onnx"), "", "", True)
    config = Config(wake=WakeConfig(models_dir=str(tmp_path)))
    absent, relays = Model("c.onnx", "1", "", "", True), Model("b.onnx", "1", "", "", False)
    found = bytes_of_models(config, [offer(good, absent, relays)])
    assert (found.level, found.text) == ("ok", "1 are as the catalogue has them")
    changed = Model("b.onnx", "1", "", "", True)
    found = bytes_of_models(config, [offer(good, changed)])
    assert found.level == "fail" and "b.onnx" in found.text


class Processor:
    """Takes so long for a frame of 20 ms."""

    def __init__(self, frame_s: float) -> None:
        self.now, self.heard, self._frame_s = 0.0, 0, frame_s

    def hear(self, frame: object, index: int) -> None:
        self.now += self._frame_s
        self.heard += 1


@pytest.mark.parametrize("frame_s", [0.0001, 0.005, 0.03])
def test_how_much_of_a_core_it_takes(frame_s: float) -> None:
    processor = Processor(frame_s)
    measured = pace([processor.hear], lambda: processor.now)
    assert measured.factor == pytest.approx(frame_s / 0.02, rel=0.01)
    assert processor.heard <= (MOST_SOUND_S + 1) / 0.02


@pytest.mark.parametrize(("share", "level"), [(0.05, "ok"), (0.5, "warn"), (1.2, "fail")])
def test_what_is_left_of_the_processor(share: float, level: str) -> None:
    assert speed(Config(), Pace(share, 1.0)).level == level


@pytest.mark.parametrize(
    ("config", "engine"),
    [
        (Config(), "microwakeword"),
        (Config(wake=WakeConfig(words=(WakeWordConfig(engine="microwakeword"),))), "earshot"),
        (
            Config(
                wake=WakeConfig(words=(WakeWordConfig(engine="microwakeword"),)),
                vad=VadConfig(engine="webrtc"),
            ),
            "faster board",
        ),
    ],
)
def test_which_engine_fits_a_slower_one(config: Config, engine: str) -> None:
    assert engine in speed(config, Pace(1.2, 1.0)).todo
