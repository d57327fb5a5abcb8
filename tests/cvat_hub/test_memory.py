"""What a hub has freed goes back to the system; what stays is not looked at again and again."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Blocks as they are left after a large body: each freed one raises the library's own threshold.
CODE = """
import ctypes, sys
from pathlib import Path
from cvat_hub.memory import return_what_is_freed
if sys.argv[1] == "returned":
    return_what_is_freed()
def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
before = resident()
del_me = bytearray(30 << 20)
del del_me
blocks = [bytearray(b"x" * (1 << 20)) for _ in range(40)]
last = bytearray(1 << 20)
del blocks
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tells of Linux alone")
def test_large_blocks_go_back_to_the_system() -> None:
    kept, returned = (
        int(subprocess.check_output([sys.executable, "-c", CODE, word], text=True, timeout=60))
        for word in ("kept", "returned")
    )
    assert returned < 8 * 1024 < kept, "kB that stay resident of 40 MB"


def test_the_collector_is_spared_what_stays() -> None:
    code = "import gc, cvat_hub.serve as s; s.set_aside_what_stays(); print(gc.get_freeze_count())"
    frozen = int(subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60))
    assert frozen > 50_000
