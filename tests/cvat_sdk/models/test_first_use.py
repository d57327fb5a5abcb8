"""Several threads may use a record at once, for the first time too."""

from __future__ import annotations

import subprocess
import sys

# Each thread gets its turns so quickly that it meets the others in the middle of everything.
SCRIPT = """
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from cvat_sdk.api_client.wire import decode
from cvat_sdk.exceptions import ApiException, ApiTypeError, ApiValueError
from cvat_sdk.masks import whole_mask
from cvat_sdk.models import LabeledShapeRequest, Record

THREADS = 8
together = threading.Barrier(THREADS)

def use(record):
    together.wait()
    for field in record._fields:
        with suppress(ApiTypeError, ApiValueError, TypeError):
            field.put(None, [object()])
        with suppress(ApiException):
            decode(b'{"%s": [{}]}' % field.name.encode(), record)

def shape(_):
    together.wait()
    whole_mask([0, 1, 0, 0, 0, 0])
    LabeledShapeRequest("rectangle", 1, 0, points=[1, 2, 3, 4])

def kinds(of):
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)

sys.setswitchinterval(1e-6)
with ThreadPoolExecutor(THREADS) as pool:
    list(pool.map(shape, range(THREADS)))
    # Large ones first, whose parts are all new then.
    for kind in reversed(list(kinds(Record))):
        list(pool.map(use, [kind] * THREADS))
print("done")
"""


def test_threads_that_use_records_for_the_first_time_at_once_come_through() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
