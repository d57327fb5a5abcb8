"""Sessions of onnxruntime, on the device that is wanted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any


def load_session(weights: bytes, *, threads: int = 0, device: str = "auto") -> Any:
    """Return a session of onnxruntime; see `create` for the arguments.

    Raises:
        ValueError: `threads` is negative, or there is no such device.
    """
    # Since 1.29 it reports its use to its makers unless told not to before it is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    if threads < 0:
        raise ValueError(f"threads must be 0 or more, got {threads!r}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or _usable_cores()
    # Threads that wait by spinning would starve those that fetch and decode the next images.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    chosen = providers(device, onnxruntime.get_available_providers())
    return onnxruntime.InferenceSession(weights, options, providers=chosen)


def providers(device: str, available: Sequence[str]) -> list[Any]:
    """Return what onnxruntime is to run on.

    Raises:
        ValueError: there is no such device.
    """
    kind, _, number = device.partition(":")
    has_cuda = "CUDAExecutionProvider" in available
    if device == "cpu" or (device == "auto" and not has_cuda):
        return ["CPUExecutionProvider"]
    if kind not in ("auto", "cuda") or (number and not number.isdecimal()):
        raise ValueError(f"device must be 'auto', 'cpu', 'cuda' or 'cuda:0', got {device!r}")
    if not has_cuda:
        raise ValueError(
            f"device {device!r}: this onnxruntime has no CUDA; install onnxruntime-gpu"
        )
    return [("CUDAExecutionProvider", {"device_id": int(number or 0)}), "CPUExecutionProvider"]


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
