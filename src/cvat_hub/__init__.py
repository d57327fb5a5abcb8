"""The hub: a home for tasks and annotations that speaks CVAT's protocol.

`cvat_hub.serve.running(settings)` starts one from Python, `cvat-hub serve` from the command line.
"""

HUB_VERSION = "0.1.0"
