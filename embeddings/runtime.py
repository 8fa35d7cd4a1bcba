"""onnxruntime, opened so that it calls nobody."""

import os
from typing import Any


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
