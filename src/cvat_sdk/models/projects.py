"""Projects: tasks that share their labels."""

from __future__ import annotations

import datetime

from .accounts import BasicUser
from .labels import PatchedLabelRequest
from .record import UNSET, Record, UnsetType
from .resources import LabelsSummary, Link, LongName, Storage, StorageRequest, TasksSummary

Date = datetime.datetime


class ProjectWriteRequest(Record):
    """A project to be created."""

    name: LongName
    labels: list[PatchedLabelRequest] | UnsetType = UNSET
    owner_id: int | UnsetType | None = UNSET
    assignee_id: int | UnsetType | None = UNSET
    bug_tracker: Link | UnsetType = UNSET
    target_storage: StorageRequest | UnsetType | None = UNSET
    source_storage: StorageRequest | UnsetType | None = UNSET


class PatchedProjectWriteRequest(Record):
    """What is to change of a project."""

    name: LongName | UnsetType = UNSET
    labels: list[PatchedLabelRequest] | UnsetType = UNSET
    owner_id: int | UnsetType | None = UNSET
    assignee_id: int | UnsetType | None = UNSET
    bug_tracker: Link | UnsetType = UNSET
    target_storage: StorageRequest | UnsetType | None = UNSET
    source_storage: StorageRequest | UnsetType | None = UNSET
    organization_id: int | UnsetType | None = UNSET


class ProjectRead(Record):
    """A project: tasks that share their labels."""

    tasks: TasksSummary | UnsetType = UNSET
    labels: LabelsSummary | UnsetType = UNSET
    url: str | UnsetType = UNSET
    id: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    owner: BasicUser | UnsetType | None = UNSET
    assignee: BasicUser | UnsetType | None = UNSET
    guide_id: int | UnsetType | None = UNSET
    bug_tracker: str | UnsetType = UNSET
    task_subsets: list[str] | UnsetType = UNSET
    created_date: Date | UnsetType = UNSET
    updated_date: Date | UnsetType = UNSET
    status: str | UnsetType = UNSET
    dimension: str | UnsetType | None = UNSET
    organization: int | UnsetType | None = UNSET
    organization_id: int | UnsetType | None = UNSET
    target_storage: Storage | UnsetType | None = UNSET
    source_storage: Storage | UnsetType | None = UNSET
    assignee_updated_date: Date | UnsetType | None = UNSET
