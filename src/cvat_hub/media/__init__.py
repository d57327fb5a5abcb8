"""From uploaded files to frames and chunks: blocking code on folders, without HTTP or database."""

from cvat_hub.media.errors import MediaError, UploadConflict
from cvat_hub.media.manifest import FrameInfo, Manifest
from cvat_hub.media.prepare import Options, prepare
from cvat_hub.media.reader import Media, MediaReader
from cvat_hub.media.uploads import UploadFolder

__all__ = [
    "FrameInfo",
    "Manifest",
    "Media",
    "MediaError",
    "MediaReader",
    "Options",
    "UploadConflict",
    "UploadFolder",
    "prepare",
]
