"""Runs one hub after the other, each a fork of this process, which has imported everything once.

Reads the settings of a hub, as JSON, a line; prints its process id, its address as soon as it
accepts connections, and an empty line when it has ended.
"""

import json
import os
import sys
from pathlib import Path

from cvat_hub.serve import serve
from cvat_hub.settings import Settings


def run(values: dict[str, str]) -> None:
    settings = Settings(port=0, data_dir=Path(values["data_dir"]), database=values["database"])
    serve(settings, lambda hub, address: print(address, flush=True))


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(json.loads(line))
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
        print(flush=True)
