"""The second engine, with the models that come in its package."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.micro_wake_word import MicroScorer, packaged_models
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_word import Detection, WakeWords
from edgevoice.config import WakeConfig, WakeWordConfig
from edgevoice.errors import ModelError
from tests.audio.heads import write_head
from tests.recordings import quiet, scene

ALEXA = WakeWordConfig("alexa", engine="microwakeword", threshold=0.9)
JARVIS = WakeWordConfig("hey_jarvis", engine="microwakeword", threshold=0.9)


def listening(*words: WakeWordConfig, models_dir: str = "", gate: bool = True) -> WakeWords:
    return WakeWords(models_dir, WakeConfig(words, quiet_gate=gate))


def hear(ears: WakeWords, sound: Samples) -> list[Detection]:
    ears.reset()
    frames = range(0, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    return [d for at in frames for d in ears.hear(sound[at : at + FRAME_SAMPLES], at)]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("alexa_34", "alexa"),
        ("alexa_67", "alexa"),
        ("alexa_107", "alexa"),
        ("alexa_what_time_is_it", "alexa"),
        ("hey_jarvis", "hey_jarvis"),
    ],
)
def test_a_wake_word_is_heard_once(name: str, word: str) -> None:
    assert [d.name for d in hear(listening(ALEXA, JARVIS), scene(1.0, name, 1.0))] == [word]


@pytest.mark.parametrize("name", ["computer", "jarvis", "snowboy", "kitchen", "set_timer"])
def test_other_words_and_kitchens_do_not_wake(name: str) -> None:
    assert hear(listening(ALEXA, JARVIS), scene(1.0, name, 1.0)) == []


@pytest.mark.parametrize(("phrase", "end"), [("alexa_67", 17_280), ("hey_jarvis", 13_600)])
def test_the_phrase_never_reaches_into_the_command(phrase: str, end: int) -> None:
    sound = scene(1.0, phrase)[: 16_000 + end]
    (detection,) = hear(listening(ALEXA, JARVIS), scene(sound, "set_timer", 1.0))
    assert detection.phrase_end <= 16_000 + end
    assert detection.phrase_start < detection.phrase_end < detection.detected_at


def test_it_hears_the_same_after_a_rest_and_after_a_reset() -> None:
    gated, always = listening(ALEXA), listening(ALEXA, gate=False)
    sound = scene(6.0, "alexa_34", 6.0, "computer", 6.0, "alexa_67", 3.0)
    rested, awake, again = hear(gated, sound), hear(always, sound), hear(gated, sound)
    assert rested == again
    assert [d.detected_at for d in rested] == [d.detected_at for d in awake]
    for one, other in zip(rested, awake, strict=True):
        assert one.score == pytest.approx(other.score, abs=0.02)
    assert gated.chunks_rested > 50


def test_scores_are_those_of_the_package() -> None:
    import pymicro_wakeword

    sound = scene(3.0, "alexa_34", 1.0)
    ours = MicroScorer({"alexa": packaged_models()["alexa"]})
    features = pymicro_wakeword.MicroWakeWordFeatures()
    model = pymicro_wakeword.MicroWakeWord.from_builtin(pymicro_wakeword.Model.ALEXA)
    silence = np.zeros(ours.reach_chunks * CHUNK_SAMPLES, np.int16)
    theirs = [
        model.process_streaming_prob(feature)
        for feature in features.process_streaming(np.concatenate((silence, sound)).tobytes())
    ]
    whole = sound[: len(sound) // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    highest = max(ours.push(chunk)["alexa"] for chunk in whole)
    assert highest == max(p for p in theirs if p is not None) > 0.9


@pytest.mark.parametrize("gate", [True, False])
def test_no_model_fires_when_it_has_only_just_begun_to_hear(gate: bool) -> None:
    ears = listening(*(WakeWordConfig(word, engine="microwakeword") for word in packaged_models()),
                     gate=gate)  # fmt: skip
    zeros = np.zeros(48_000, np.int16)
    noise = np.random.default_rng(1).integers(-300, 301, 48_000).astype(np.int16)
    for beginning in (
        zeros,
        quiet(3.0),
        noise,
        scene("computer")[9000:],
        np.full(48_000, 32767, np.int16),
    ):
        assert hear(ears, beginning) == []


@pytest.mark.models
@pytest.mark.parametrize(("second", "heard"), [("alexa_67", 1), ("computer", 0)])
def test_a_word_counts_only_if_both_engines_hear_it(
    models_dir: str, tmp_path: Path, second: str, heard: int
) -> None:
    """The first engine's head says yes to everything; the second one knows better."""
    head = write_head(tmp_path / "eager.onnx", 0.9)
    eager = WakeWordConfig("alexa", model=str(head), threshold=0.1, confirm="microwakeword")
    sound = scene(0.3, second, 1.0)
    gated = hear(listening(eager, models_dir=models_dir), sound)
    assert [d.name for d in gated] in ([], ["alexa"])
    alone = WakeWordConfig("alexa", model=str(head), threshold=0.1)
    assert len(hear(listening(alone, models_dir=models_dir), sound)) == 1
    real = WakeWordConfig("alexa", threshold=0.1, confirm="microwakeword")
    assert len(hear(listening(real, models_dir=models_dir), sound)) == heard


@pytest.mark.models
def test_confirmed_later_the_phrase_lies_where_the_first_engine_heard_it(models_dir: str) -> None:
    sound = scene(2.0, "alexa_34", 1.0)
    (alone,) = hear(listening(WakeWordConfig("alexa"), models_dir=models_dir), sound)
    both = WakeWordConfig("alexa", confirm="microwakeword")
    (confirmed,) = hear(listening(both, models_dir=models_dir), sound)
    assert confirmed.phrase_end == alone.phrase_end
    assert alone.detected_at <= confirmed.detected_at <= alone.detected_at + 9600
    assert confirmed.score == alone.score


def own(folder: Path, content: bytes, **description: object) -> Path:
    (folder / "own.tflite").write_bytes(content)
    told = {"model": "own.tflite", "wake_word": "own", "micro": {
        "probability_cutoff": 0.9, "sliding_window_size": 5}, **description}  # fmt: skip
    (folder / "own.json").write_text(json.dumps(told))
    return folder / "own.json"


def alexa_bytes() -> bytes:
    return packaged_models()["alexa"].with_suffix(".tflite").read_bytes()


def test_a_model_of_ones_own_is_found_in_the_folder(tmp_path: Path) -> None:
    own(tmp_path, alexa_bytes())
    word = WakeWordConfig("own", engine="microwakeword", threshold=0.9)
    ears = WakeWords("", WakeConfig((word,), folder=str(tmp_path)))
    assert [d.name for d in hear(ears, scene(1.0, "alexa_67", 1.0))] == ["own"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda whole: b"hello", "own.tflite is not a TensorFlow Lite model"),
        (lambda whole: whole[:20_000], "own.tflite cannot be loaded: it is damaged"),
        (lambda whole: whole[:8] + bytes(5000), "own.tflite cannot be loaded: it is damaged"),
    ],
)
def test_a_damaged_model_is_said(tmp_path: Path, damage: object, said: str) -> None:
    path = own(tmp_path, damage(alexa_bytes()))  # type: ignore[operator]
    with pytest.raises(ModelError, match=said):
        MicroScorer({"own": path})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model": "own.tflite"}', "\x00"])
def test_a_description_that_is_none_is_said(tmp_path: Path, text: str) -> None:
    path = own(tmp_path, alexa_bytes())
    path.write_text(text)
    with pytest.raises(ModelError, match=r"own\.json does not describe a microWakeWord model"):
        MicroScorer({"own": path})


def test_a_model_that_is_missing_is_said(tmp_path: Path) -> None:
    path = own(tmp_path, alexa_bytes(), model="elsewhere.tflite")
    with pytest.raises(ModelError, match=r"elsewhere\.tflite cannot be read \(No such file"):
        MicroScorer({"own": path})


LEAN = """
import sys
from edgevoice.audio.vad import make_vad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import VadConfig, WakeConfig, WakeWordConfig
make_vad(VadConfig(engine="earshot"))
WakeWords("/nowhere", WakeConfig((WakeWordConfig("alexa", engine="microwakeword"),)))
print([name for name in ("onnxruntime", "ai_edge_litert") if name in sys.modules])
"""


@pytest.mark.slow
def test_a_small_board_loads_neither_the_networks_nor_the_runtime_of_the_others() -> None:
    done = subprocess.run([sys.executable, "-c", LEAN], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


MISSING = """
import sys
sys.modules["{package}"] = None  # what an absent package looks like
from pathlib import Path
from edgevoice.errors import ModelError
try:
    from edgevoice.audio.{module} import {name}
    {name}({argument})
except ModelError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "module", "name", "argument", "remedy"),
    [
        ("earshot", "earshot_vad", "EarshotVad", "", "pip install 'edgevoice[earshot]'"),
        ("pymicro_wakeword", "micro_wake_word", "MicroScorer", "{}",
         "pip install 'edgevoice[microwakeword]'"),
        ("ai_edge_litert", "lite_rt", "LiteSession", "Path('own.tflite')",
         "pip install 'edgevoice[tflite]'"),
    ],
)  # fmt: skip
def test_a_missing_extra_is_said_with_its_remedy(
    package: str, module: str, name: str, argument: str, remedy: str
) -> None:
    script = MISSING.format(package=package, module=module, name=name, argument=argument)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert remedy in done.stdout
