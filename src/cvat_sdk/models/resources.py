"""Tasks, jobs, their data, and the requests that a server runs in the background.

Fields of replies that not every server version sends are optional here.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from msgspec import Meta

from .accounts import BasicUser
from .enums import (
    FrameSelectionMethod,
    JobStage,
    JobType,
    LocationEnum,
    OperationStatus,
    RequestStatus,
    RqStatusStateEnum,
    SortingMethod,
    StorageMethod,
)
from .labels import PatchedLabelRequest
from .record import UNSET, Record, UnsetType

Date = datetime.datetime
LongName = Annotated[str, Meta(min_length=1, max_length=256)]
Link = Annotated[str, Meta(max_length=2000)]
Subset = Annotated[str, Meta(max_length=64)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
PositiveInt = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class StorageRequest(Record):
    """Where exports go to or imports come from."""

    location: LocationEnum | UnsetType = UNSET
    cloud_storage_id: int | UnsetType | None = UNSET


class Storage(Record):
    """Where exports go to or imports come from, as a server holds it."""

    id: int | UnsetType = UNSET
    location: LocationEnum | UnsetType = UNSET
    cloud_storage_id: int | UnsetType | None = UNSET


class TaskWriteRequest(Record):
    """A task to be created."""

    name: LongName
    project_id: int | UnsetType | None = UNSET
    owner_id: int | UnsetType | None = UNSET
    assignee_id: int | UnsetType | None = UNSET
    bug_tracker: Link | UnsetType = UNSET
    overlap: Count | UnsetType | None = UNSET
    segment_size: Count | UnsetType = UNSET
    labels: list[PatchedLabelRequest] | UnsetType = UNSET
    subset: Subset | UnsetType = UNSET
    target_storage: StorageRequest | UnsetType | None = UNSET
    source_storage: StorageRequest | UnsetType | None = UNSET
    initial_replicas: Count | UnsetType = UNSET
    consensus_replicas: Count | UnsetType = UNSET


class PatchedTaskWriteRequest(Record):
    """What is to change of a task."""

    name: LongName | UnsetType = UNSET
    project_id: int | UnsetType | None = UNSET
    owner_id: int | UnsetType | None = UNSET
    assignee_id: int | UnsetType | None = UNSET
    bug_tracker: Link | UnsetType = UNSET
    labels: list[PatchedLabelRequest] | UnsetType = UNSET
    subset: Subset | UnsetType = UNSET
    target_storage: StorageRequest | UnsetType | None = UNSET
    source_storage: StorageRequest | UnsetType | None = UNSET
    organization_id: int | UnsetType | None = UNSET


class DataRequest(Record):
    """How the data of a task is to be prepared; the files come in requests of their own."""

    chunk_size: Count | UnsetType | None = UNSET
    image_quality: Annotated[int, Meta(ge=1, le=100)] | UnsetType = UNSET
    start_frame: Count | UnsetType = UNSET
    stop_frame: Count | UnsetType = UNSET
    frame_filter: Annotated[str, Meta(max_length=256)] | UnsetType = UNSET
    client_files: list[Any] | UnsetType = UNSET
    server_files: list[str] | UnsetType = UNSET
    remote_files: list[str] | UnsetType = UNSET
    use_zip_chunks: bool | UnsetType = UNSET
    server_files_exclude: list[str] | UnsetType = UNSET
    cloud_storage_id: int | UnsetType | None = UNSET
    use_cache: bool | UnsetType = UNSET
    copy_data: bool | UnsetType = UNSET
    storage_method: StorageMethod | UnsetType = UNSET
    sorting_method: SortingMethod | UnsetType = UNSET
    filename_pattern: str | UnsetType | None = UNSET
    job_file_mapping: list[list[str]] | UnsetType = UNSET
    upload_file_order: list[str] | UnsetType = UNSET
    validation_params: dict[str, Any] | UnsetType = UNSET


class JobsSummary(Record):
    """How many jobs a task has, and how far they are."""

    completed: int | UnsetType | None = UNSET
    validation: int | UnsetType | None = UNSET
    count: int | UnsetType = UNSET
    url: str | UnsetType = UNSET


class Summary(Record):
    """Where a list is found, and how long it is."""

    count: int | UnsetType = UNSET
    url: str | UnsetType = UNSET


LabelsSummary = Summary
TasksSummary = Summary
IssuesSummary = Summary
CommentsSummary = Summary


class TaskRead(Record):
    """A task. `mode` is empty and `size` 0 or absent until its data is there."""

    jobs: JobsSummary | UnsetType = UNSET
    labels: LabelsSummary | UnsetType = UNSET
    url: str | UnsetType = UNSET
    id: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    project_id: int | UnsetType | None = UNSET
    project_name: str | UnsetType | None = UNSET
    owner: BasicUser | UnsetType | None = UNSET
    assignee: BasicUser | UnsetType | None = UNSET
    bug_tracker: str | UnsetType = UNSET
    created_date: Date | UnsetType = UNSET
    updated_date: Date | UnsetType = UNSET
    overlap: int | UnsetType | None = UNSET
    segment_size: int | UnsetType = UNSET
    initial_replicas: int | UnsetType = UNSET
    status: str | UnsetType = UNSET
    data_chunk_size: int | UnsetType | None = UNSET
    data_original_chunk_type: str | UnsetType | None = UNSET
    data_compressed_chunk_type: str | UnsetType | None = UNSET
    data_cloud_storage_id: int | UnsetType | None = UNSET
    guide_id: int | UnsetType | None = UNSET
    size: int | UnsetType = UNSET
    image_quality: int | UnsetType = UNSET
    data: int | UnsetType | None = UNSET
    dimension: str | UnsetType = UNSET
    mode: str | UnsetType = UNSET
    media_type: str | UnsetType = UNSET
    subset: str | UnsetType = UNSET
    organization_id: int | UnsetType | None = UNSET
    organization: int | UnsetType | None = UNSET
    target_storage: Storage | UnsetType | None = UNSET
    source_storage: Storage | UnsetType | None = UNSET
    assignee_updated_date: Date | UnsetType | None = UNSET
    validation_mode: str | UnsetType | None = UNSET
    consensus_enabled: bool | UnsetType = UNSET


class JobRead(Record):
    """A job: a stretch of a task's frames, both ends inclusive."""

    issues: IssuesSummary | UnsetType = UNSET
    labels: LabelsSummary | UnsetType = UNSET
    url: str | UnsetType = UNSET
    id: int | UnsetType = UNSET
    task_id: int | UnsetType = UNSET
    task_name: str | UnsetType | None = UNSET
    project_id: int | UnsetType | None = UNSET
    project_name: str | UnsetType | None = UNSET
    assignee: BasicUser | UnsetType | None = UNSET
    guide_id: int | UnsetType | None = UNSET
    dimension: str | UnsetType = UNSET
    mode: str | UnsetType = UNSET
    media_type: str | UnsetType = UNSET
    bug_tracker: str | UnsetType | None = UNSET
    status: str | UnsetType = UNSET
    stage: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    frame_count: int | UnsetType = UNSET
    start_frame: int | UnsetType = UNSET
    stop_frame: int | UnsetType = UNSET
    data_chunk_size: int | UnsetType | None = UNSET
    data_compressed_chunk_type: str | UnsetType | None = UNSET
    data_original_chunk_type: str | UnsetType | None = UNSET
    created_date: Date | UnsetType = UNSET
    updated_date: Date | UnsetType = UNSET
    type: str | UnsetType = UNSET
    organization: int | UnsetType | None = UNSET
    target_storage: Storage | UnsetType | None = UNSET
    source_storage: Storage | UnsetType | None = UNSET
    assignee_updated_date: Date | UnsetType | None = UNSET
    parent_job_id: int | UnsetType | None = UNSET
    replicas_count: int | UnsetType = UNSET
    consensus_replicas: int | UnsetType = UNSET


class PatchedJobWriteRequest(Record):
    """What is to change of a job."""

    assignee: int | UnsetType | None = UNSET
    stage: JobStage | UnsetType = UNSET
    state: OperationStatus | UnsetType = UNSET


class JobWriteRequest(Record):
    """A job to be created: one that holds the ground truth of a task, or a replica.

    The counts and shares (0 to 1) say how many frames it gets; `frames` says which.
    """

    type: JobType
    task_id: int
    assignee: int | UnsetType | None = UNSET
    stage: JobStage | UnsetType = UNSET
    state: OperationStatus | UnsetType = UNSET
    frame_selection_method: FrameSelectionMethod | UnsetType = UNSET
    frame_count: PositiveInt | UnsetType = UNSET
    frame_share: float | UnsetType = UNSET
    frames_per_job_count: PositiveInt | UnsetType = UNSET
    frames_per_job_share: float | UnsetType = UNSET
    random_seed: Count | UnsetType = UNSET
    frames: list[int] | UnsetType = UNSET


class FrameMeta(Record):
    """Name and size in pixels of a frame; a video has one for all its frames."""

    name: str
    related_files: int | UnsetType = UNSET
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET
    has_related_context: bool | UnsetType = UNSET


class Chapter(Record):
    """A chapter of a video."""

    id: int
    start: int
    stop: int
    metadata: dict[str, Any] | UnsetType = UNSET


class DataMetaRead(Record):
    """What the data of a task or job consists of.

    `start_frame` and `stop_frame` (inclusive) count the frames of the source.
    """

    chunks_updated_date: Date | UnsetType = UNSET
    frames: list[FrameMeta] | UnsetType | None = UNSET
    deleted_frames: list[int] | UnsetType = UNSET
    chapters: list[Chapter] | UnsetType | None = UNSET
    chunk_size: int | UnsetType | None = UNSET
    size: int | UnsetType = UNSET
    image_quality: int | UnsetType = UNSET
    start_frame: int | UnsetType = UNSET
    stop_frame: int | UnsetType = UNSET
    frame_filter: str | UnsetType = UNSET
    included_frames: list[int] | UnsetType | None = UNSET
    storage: str | UnsetType | None = UNSET
    cloud_storage_id: int | UnsetType | None = UNSET


class PatchedDataMetaWriteRequest(Record):
    """What is to change of the data of a task."""

    deleted_frames: list[int] | UnsetType = UNSET
    cloud_storage_id: int | UnsetType | None = UNSET


class PatchedJobDataMetaWriteRequest(Record):
    """What is to change of the data of a job."""

    deleted_frames: list[int] | UnsetType = UNSET


class RequestDataOperation(Record):
    """What a background request does, and to what."""

    type: str
    target: str | UnsetType = UNSET
    project_id: int | UnsetType | None = UNSET
    task_id: int | UnsetType | None = UNSET
    job_id: int | UnsetType | None = UNSET
    org_id: int | UnsetType | None = UNSET
    format: str | UnsetType | None = UNSET
    function_id: str | UnsetType | None = UNSET
    lightweight: bool | UnsetType | None = UNSET


class Request(Record):
    """A request that a server runs in the background; `progress` goes from 0 to 1."""

    status: RequestStatus
    id: str
    operation: RequestDataOperation
    created_date: Date | UnsetType = UNSET
    message: str | UnsetType = UNSET
    progress: float | UnsetType | None = UNSET
    started_date: Date | UnsetType | None = UNSET
    finished_date: Date | UnsetType | None = UNSET
    expiry_date: Date | UnsetType | None = UNSET
    owner: BasicUser | UnsetType | None = UNSET
    result_url: str | UnsetType | None = UNSET
    result_id: int | UnsetType | None = UNSET


class RqId(Record):
    """The id of a background request."""

    rq_id: str | UnsetType = UNSET


DataResponse = RqId


class RqStatus(Record):
    """The state of a task's preparation, as older servers tell it; `progress` goes to 100."""

    state: RqStatusStateEnum
    message: str | UnsetType = UNSET
    progress: float | UnsetType = UNSET
