"""The memory of the process, as the system's allocator manages it."""

from __future__ import annotations

import ctypes

# mallopt(3) of the GNU C library.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_BYTES = 256 * 1024


def return_what_is_freed() -> None:
    """Have large blocks go back to the system when they are freed.

    By itself the GNU C library raises its threshold with each large body that comes and goes, and
    keeps ever more of what is freed. Elsewhere this does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_MMAP_THRESHOLD, _BYTES)
        mallopt(_TRIM_THRESHOLD, _BYTES)
