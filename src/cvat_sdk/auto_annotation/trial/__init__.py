"""Functions on images of this machine, without a server."""

from cvat_sdk.auto_annotation.trial.checking import check
from cvat_sdk.auto_annotation.trial.local_frames import LocalFrame, local_frames, sample_frames
from cvat_sdk.auto_annotation.trial.problems import Problem

__all__ = ["LocalFrame", "Problem", "check", "local_frames", "sample_frames"]
