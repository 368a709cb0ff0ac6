"""Running ONNX models: the only importer of onnxruntime.

One thread, no spinning: on a board the other cores belong to others, and spinning
threads cost power while nobody speaks.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Wheels since 1.29 send usage data unless told otherwise before they are imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from edgevoice.errors import ModelError

Array = NDArray[Any]

_ERRORS_ONLY = 3


class Session:
    """A loaded model: named arrays in, arrays out in the order of `outputs`."""

    def __init__(self, session: Any, path: str | Path) -> None:
        self._session = session
        self._path = path
        self.inputs: dict[str, tuple[int | str | None, ...]] = {
            i.name: tuple(i.shape) for i in session.get_inputs()
        }
        self.outputs: list[str] = [o.name for o in session.get_outputs()]

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> list[Array]:
        """ModelError where the file is of another network than it was taken for."""
        try:
            results: list[Array] = self._session.run(outputs, inputs)
        except _failures() as error:
            raise ModelError(_unusable(self._path, "run", error)) from None
        return results


def session(path: str | Path, threads: int = 1) -> Session:
    """Load a model; ModelError says what to do where that fails."""
    if not Path(path).is_file():
        raise ModelError(f"model {path} is missing; run scripts/setup, or correct the path")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        loaded = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
        return Session(loaded, path)
    except _failures() as error:
        raise ModelError(_unusable(path, "loaded", error)) from None


def _unusable(path: str | Path, what: str, error: Exception) -> str:
    reason = str(error).partition("\n")[0]
    return f"model {path} cannot be {what} ({reason}); remove it and run scripts/setup"


def _failures() -> tuple[type[Exception], ...]:
    """What onnxruntime raises for a file it cannot use; its errors have no common base."""
    state: Any = onnxruntime.capi.onnxruntime_pybind11_state
    return (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NoSuchFile,
        state.NotImplemented,
        state.RuntimeException,
        MemoryError,
        RuntimeError,
        ValueError,
    )


def zeros_for(shape: Sequence[int | str | None]) -> NDArray[np.float32]:
    """The empty state of a recurrent input."""
    return np.zeros([d if isinstance(d, int) else 1 for d in shape], np.float32)
