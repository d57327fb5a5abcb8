"""How much memory objects of somebody else's code take, as far as that can be told."""

from __future__ import annotations

import sys
from typing import Any

_DEEPEST = 6


def size_of(value: Any, depth: int = 0) -> int:
    """Return the bytes of arrays, tensors, images, and of what containers and objects hold.

    >>> size_of(bytes(1000)) >= 1000
    True
    """
    own = sys.getsizeof(value, 64)
    for measure in (_array, _tensor, _image):
        size = measure(value)
        if size is not None:
            return own + size
    if depth >= _DEEPEST or isinstance(value, str | bytes | int | float):
        return own
    return own + sum(size_of(item, depth + 1) for item in _parts(value))


def _array(value: Any) -> int | None:
    size = getattr(value, "nbytes", None)
    return size if isinstance(size, int) else None


def _tensor(value: Any) -> int | None:
    # torch, in whichever memory the tensor lies.
    if not (hasattr(value, "element_size") and hasattr(value, "nelement")):
        return None
    try:
        return int(value.element_size()) * int(value.nelement())
    except (TypeError, ValueError, RuntimeError):
        return None


def _image(value: Any) -> int | None:
    if not (hasattr(value, "getbands") and hasattr(value, "width")):
        return None
    return int(value.width) * int(value.height) * max(1, len(value.getbands()))


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    parts = list(getattr(value, "__dict__", {}).values())
    return parts + [
        getattr(value, name) for name in getattr(value, "__slots__", ()) if hasattr(value, name)
    ]
