"""Running .tflite models: the only importer of ai_edge_litert."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.tflite_file import require_tflite
from edgevoice.errors import ModelError

try:
    from ai_edge_litert import interpreter as litert
except ImportError:
    litert = None


class LiteSession:
    """A loaded model with one input: an array in, the first output out."""

    def __init__(self, path: Path) -> None:
        if litert is None:
            raise ModelError(
                f"{path} needs the package ai-edge-litert, which is not installed:"
                " pip install 'edgevoice[tflite]', or export the head as ONNX"
            )
        require_tflite(path)
        try:
            self._interpreter: Any = litert.Interpreter(
                str(path),
                num_threads=1,
                # XNNPACK gains nothing for a head, and announces itself on stderr.
                experimental_op_resolver_type=(
                    litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                ),
            )
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise ModelError(
                f"model {path} cannot be loaded ({reason}); copy it there again"
            ) from None
        (first, *others), (self._output, *_) = (
            self._interpreter.get_input_details(),
            self._interpreter.get_output_details(),
        )
        self._input = first["index"]
        self.inputs: list[tuple[int | str | None, ...]] = [
            tuple(int(size) for size in i["shape"]) for i in (first, *others)
        ]

    def run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        self._interpreter.set_tensor(self._input, values)
        self._interpreter.invoke()
        result: NDArray[np.float32] = self._interpreter.get_tensor(self._output["index"])
        return result
