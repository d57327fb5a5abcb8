"""The SAM 2 tracker, for `cvat-cli function create-native` and `run-agent` with `--function-file`:

--function-file ai-models/tracker/sam2/func.py -p model_id=str:facebook/sam2.1-hiera-tiny
"""

from cvat_sdk.auto_annotation.functions.sam2_tracking import create

__all__ = ["create"]
