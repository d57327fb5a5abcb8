"""The memory of the process, as the system's allocator and Python's collector manage it."""

from __future__ import annotations

import ctypes
import gc

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


def set_aside_what_stays() -> None:
    """Spare the collector what has been imported and opened so far, and stays until the end.

    It looks at everything every now and then, and all threads wait meanwhile: some 50 ms for a hub.
    """
    gc.collect()
    gc.freeze()
