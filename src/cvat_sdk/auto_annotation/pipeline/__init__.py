"""From frames to annotations on a server, in stages that lose nothing.

`detection` runs a function over frames, alone or in batches, and `finding` checks what it returns.
`run` keeps that in a `journal` before anything is done with it; an `outbox` puts it together to
requests (`parcels`) and sends them (`server`), each once. `journals` finds the run that is resumed.
"""

from .batches import AutoBatchSize, FixedBatchSize
from .detection import Detection
from .finding import Finder, Finding
from .fingerprint import fingerprint
from .journals import Journals
from .outbox import Outbox
from .progress import Progress
from .report import RunReport, SkippedFrame, bottleneck
from .run import Run
from .server import ServerTask, remembers_keys

__all__ = [
    "AutoBatchSize",
    "Detection",
    "Finder",
    "Finding",
    "FixedBatchSize",
    "Journals",
    "Outbox",
    "Progress",
    "Run",
    "RunReport",
    "ServerTask",
    "SkippedFrame",
    "bottleneck",
    "fingerprint",
    "remembers_keys",
]
