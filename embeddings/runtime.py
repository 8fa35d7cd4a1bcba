"""onnxruntime, opened so that it calls nobody."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from embeddings.threads import threads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def quiet_onnxruntime() -> Any:
    """The module, which sends nothing and tells of errors only.

    Raises:
        ImportError: it is not installed, or not for this machine.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # a newer release would write and send before it is asked
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(3)  # errors
    return onnxruntime


def open_model(model: bytes, weights: Mapping[str, NDArray[Any]]) -> Any:
    """A model that runs on the processor, with as many threads as :func:`embeddings.threads.threads` says.

    Args:
        model: without its weights.
        weights: by the names that it has for them, one after another in memory.

    Raises:
        ImportError: as for :func:`quiet_onnxruntime`.
        Exception: what onnxruntime says against the model.
    """
    onnxruntime = quiet_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    # A thread that waits in a loop for the next row takes the core from whoever else has work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in weights.values()]
    options.add_external_initializers(list(weights), values)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    session._sess_options = None  # onnxruntime has packed the weights for itself; this would keep them a second time
    return session
