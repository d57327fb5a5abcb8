"""Tasks as datasets: images and annotations, kept on this machine."""

from cvat_sdk.datasets.caching import UpdatePolicy
from cvat_sdk.datasets.samples import FrameAnnotations, MediaElement, Sample
from cvat_sdk.datasets.task_dataset import MediaDownloadPolicy, TaskDataset
from cvat_sdk.exceptions import UnsupportedDatasetError

__all__ = [
    "FrameAnnotations",
    "MediaDownloadPolicy",
    "MediaElement",
    "Sample",
    "TaskDataset",
    "UnsupportedDatasetError",
    "UpdatePolicy",
]
