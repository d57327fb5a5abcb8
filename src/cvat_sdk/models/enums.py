"""The words that fields of records may hold.

A member is a string too: `ShapeType.MASK == "mask"`, and `ShapeType("mask").value` is `"mask"`.
"""

from __future__ import annotations

import enum
from typing import Any, ClassVar

from cvat_sdk.exceptions import ApiValueError


class Word(enum.StrEnum):
    """The base of the enumerations; iterate over one to see its members."""

    allowed_values: ClassVar[dict[tuple[str], dict[str, str]]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        type.__setattr__(cls, "allowed_values", _AllowedValues())

    # The one of Enum is written in Python, and far slower.
    __hash__ = str.__hash__

    def __repr__(self) -> str:
        return repr(self.value)

    def to_str(self) -> str:
        """Return the same as `str()`."""
        return str(self)

    @classmethod
    def _missing_(cls, value: object) -> None:
        words = ", ".join(repr(member.value) for member in cls)
        raise ApiValueError(f"{cls.__name__}: {value!r} is not one of {words}")


class _AllowedValues:
    """`{("value",): {"MASK": "mask", ...}}`, the form in which scripts look words up."""

    def __get__(self, instance: object, owner: type[Word]) -> dict[tuple[str], dict[str, str]]:
        return {("value",): {member.name: str(member) for member in owner}}


class ShapeType(Word):
    RECTANGLE = "rectangle"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    POINTS = "points"
    ELLIPSE = "ellipse"
    CUBOID = "cuboid"
    MASK = "mask"
    SKELETON = "skeleton"


class LabelType(Word):
    ANY = "any"
    CUBOID = "cuboid"
    ELLIPSE = "ellipse"
    MASK = "mask"
    POINTS = "points"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    RECTANGLE = "rectangle"
    SKELETON = "skeleton"
    INTERVAL = "interval"
    TAG = "tag"


class InputTypeEnum(Word):
    CHECKBOX = "checkbox"
    RADIO = "radio"
    NUMBER = "number"
    TEXT = "text"
    SELECT = "select"


class RequestStatus(Word):
    QUEUED = "queued"
    STARTED = "started"
    FAILED = "failed"
    FINISHED = "finished"


class RqStatusStateEnum(Word):
    QUEUED = "Queued"
    STARTED = "Started"
    FINISHED = "Finished"
    FAILED = "Failed"


class JobType(Word):
    ANNOTATION = "annotation"
    GROUND_TRUTH = "ground_truth"
    REPLICA = "replica"


class JobStage(Word):
    ANNOTATION = "annotation"
    VALIDATION = "validation"
    ACCEPTANCE = "acceptance"


class JobStatus(Word):
    ANNOTATION = "annotation"
    VALIDATION = "validation"
    COMPLETED = "completed"


class OperationStatus(Word):
    NEW = "new"
    IN_PROGRESS = "in progress"
    COMPLETED = "completed"
    REJECTED = "rejected"


class FrameSelectionMethod(Word):
    RANDOM_UNIFORM = "random_uniform"
    RANDOM_PER_JOB = "random_per_job"
    MANUAL = "manual"


class RoleEnum(Word):
    WORKER = "worker"
    SUPERVISOR = "supervisor"
    MAINTAINER = "maintainer"
    OWNER = "owner"


class ChunkType(Word):
    VIDEO = "video"
    IMAGESET = "imageset"
    AUDIO_MP3 = "audio_mp3"


class SortingMethod(Word):
    LEXICOGRAPHICAL = "lexicographical"
    NATURAL = "natural"
    PREDEFINED = "predefined"
    RANDOM = "random"


class StorageType(Word):
    CLOUD_STORAGE = "cloud_storage"
    LOCAL = "local"
    SHARE = "share"


class StorageMethod(Word):
    CACHE = "cache"
    FILE_SYSTEM = "file_system"


class LocationEnum(Word):
    CLOUD_STORAGE = "cloud_storage"
    LOCAL = "local"
