"""Labels with their attributes and skeletons, and how a function's labels map onto a task's."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .enums import InputTypeEnum
from .record import UNSET, Record, UnsetType

Name = Annotated[str, Meta(min_length=1, max_length=64)]


class Attribute(Record):
    """An attribute that objects of a label have.

    `values`: the choices of a select or radio; `[min, max, step]` of a number, as strings.
    """

    name: Name
    mutable: bool
    input_type: InputTypeEnum
    values: list[str]
    id: int | UnsetType = UNSET
    default_value: Annotated[str, Meta(max_length=128)] | UnsetType = UNSET


class AttributeRequest(Attribute):
    """An attribute to be created or changed, or that a function declares."""

    deleted: bool | UnsetType = UNSET


class Sublabel(Record):
    """A point of a skeleton."""

    name: Name
    id: int | UnsetType = UNSET
    color: str | UnsetType = UNSET
    attributes: list[Attribute] | UnsetType = UNSET
    type: str | UnsetType = UNSET
    has_parent: bool | UnsetType = UNSET


class SublabelRequest(Record):
    """A point of a skeleton to be created, or that a function declares."""

    name: Name
    id: int | UnsetType = UNSET
    color: str | UnsetType = UNSET
    attributes: list[AttributeRequest] | UnsetType = UNSET
    type: str | UnsetType = UNSET
    has_parent: bool | UnsetType = UNSET


class Label(Record):
    """A label of a task or project."""

    name: Name
    id: int | UnsetType = UNSET
    color: str | UnsetType = UNSET
    attributes: list[Attribute] | UnsetType = UNSET
    type: str | UnsetType = UNSET
    svg: str | UnsetType = UNSET
    sublabels: list[Sublabel] | UnsetType = UNSET
    project_id: int | UnsetType | None = UNSET
    task_id: int | UnsetType | None = UNSET
    parent_id: int | UnsetType | None = UNSET
    has_parent: bool | UnsetType = UNSET


class PatchedLabelRequest(Record):
    """A label to be created or changed, or that a function declares."""

    id: int | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    color: str | UnsetType = UNSET
    attributes: list[AttributeRequest] | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET
    type: str | UnsetType = UNSET
    svg: str | UnsetType = UNSET
    sublabels: list[SublabelRequest] | UnsetType = UNSET


class SublabelMappingEntryRequest(Record):
    """Onto which sublabel of the task one of the function maps.

    Attributes that are not listed are dropped; without `attributes` they map by name.
    """

    name: Annotated[str, Meta(min_length=1)]
    attributes: dict[str, str] | UnsetType = UNSET


class LabelMappingEntryRequest(SublabelMappingEntryRequest):
    """Onto which label of the task one of the function maps; the same rule holds for sublabels."""

    sublabels: dict[str, SublabelMappingEntryRequest] | UnsetType = UNSET
