"""Moonshine base (English): a piece of speech to words, by greedy decoding.

Takes speech that is already cut out and of a sensible level (`recognizer.py`); given
long silence it returns nothing at all.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio import inference, models
from edgevoice.errors import ModelError
from edgevoice.relay.engines.local.tokens import read_pieces, spell

FOLDER = "moonshine/base-en"
TOKENIZER = f"{FOLDER}/tokenizer.bin"
ENCODER = f"{FOLDER}/encoder_model"
DECODER = f"{FOLDER}/decoder_model_merged"

START, END = 1, 2
TOKENS_PER_S = 6.5
"""The model's authors stop there: more tokens than that is the decoder running in circles."""
SPARE_TOKENS = 4

Waveform = NDArray[np.float32]


class Cancelled(Exception):
    """The words are not wanted any more. Never leaves this package."""


class Moonshine:
    """The loaded network. Stateless between calls, so several threads may use it."""

    def __init__(self, models_dir: str | Path, threads: int) -> None:
        self._pieces = read_pieces(models.find(models_dir, TOKENIZER))
        self._encoder = inference.session(_find(models_dir, ENCODER), threads)
        self._decoder = inference.session(_find(models_dir, DECODER), threads)
        self._present = [name for name in self._decoder.outputs if name != "logits"]
        self._past = [name.replace("present", "past_key_values") for name in self._present]

    def words(self, speech: Waveform, cancelled: Callable[[], bool]) -> str:
        """Float samples at 16 kHz, -1 to 1. Raises Cancelled within a decoding step."""
        [hidden] = self._encoder.run({"input_values": speech[None]})
        limit = int(len(speech) / 16_000 * TOKENS_PER_S) + SPARE_TOKENS
        memory = {name: self._nothing(name) for name in self._past}
        tokens = [START]
        while len(tokens) <= limit:
            if cancelled():
                raise Cancelled
            first = len(tokens) == 1
            inputs = {
                "input_ids": np.array([tokens[-1:]], np.int64),
                "encoder_hidden_states": hidden,
                "use_cache_branch": np.array([not first]),
            }
            logits, *present = self._decoder.run(inputs | memory, ["logits", *self._present])
            token = int(logits[0, -1].argmax())
            if token == END:
                break
            tokens.append(token)
            memory |= {
                past: state
                for past, state in zip(self._past, present, strict=True)
                if first or ".decoder." in past
            }
        return spell(tokens[1:], self._pieces)

    def _nothing(self, name: str) -> Waveform:
        """The memory of a decoder that has said nothing yet."""
        _, heads, _, width = self._decoder.inputs[name]
        assert isinstance(heads, int)
        assert isinstance(width, int)
        return np.zeros((1, heads, 0, width), np.float32)


def _find(models_dir: str | Path, name: str) -> Path:
    """The compact graph where scripts/models made one; the published one is 8 times slower."""
    try:
        return models.find(models_dir, f"{name}.onnx")
    except ModelError:
        return models.find(models_dir, f"{name}.ort")
