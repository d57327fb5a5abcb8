"""Our surface, held against that of the official package (names and signatures; facts, no code)."""

from __future__ import annotations

import enum
import importlib
import inspect
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from cvat_sdk import models
from cvat_sdk.api_client.endpoints import ENDPOINTS

OFFICIAL = json.loads((Path(__file__).parent / "official_surface.json").read_text())

_REVIEW = "issues and comments are reached with api_client.call_api"
_FORMATS = "datasets in other formats are neither imported nor exported"
_BACKUPS = "backups are neither made nor read"
_VALIDATION = "which frames validate a task is not told"

# `module:Name`, `module:Name.member` or `module:Name.member(parameter)`, and why it is not there.
LEFT_OUT = {
    **{
        f"{module}:Client.{kind}": reason
        for module in ("cvat_sdk", "cvat_sdk.core.client")
        for kind, reason in {
            "issues": _REVIEW,
            "comments": _REVIEW,
        }.items()
    },
    "cvat_sdk.core.proxies.projects:Project.import_dataset": _FORMATS,
    "cvat_sdk.core.proxies.projects:Project.export_dataset": _FORMATS,
    "cvat_sdk.core.proxies.projects:Project.export": _FORMATS,
    "cvat_sdk.core.proxies.projects:Project.download_backup": _BACKUPS,
    "cvat_sdk.core.proxies.projects:ProjectsRepo.create_from_backup": _BACKUPS,
    **{
        f"cvat_sdk.core.proxies.projects:ProjectsRepo.create_from_dataset({parameter})": _FORMATS
        for parameter in (
            "dataset_path", "dataset_format", "status_check_period", "pbar", "conv_mask_to_poly"
        )
    },
    "cvat_sdk.core.proxies.tasks:Task.import_annotations": _FORMATS,
    "cvat_sdk.core.proxies.tasks:Task.export_dataset": _FORMATS,
    "cvat_sdk.core.proxies.tasks:Task.export": _FORMATS,
    "cvat_sdk.core.proxies.tasks:Task.download_backup": _BACKUPS,
    "cvat_sdk.core.proxies.tasks:Task.get_issues": _REVIEW,
    "cvat_sdk.core.proxies.tasks:TasksRepo.create_from_backup": _BACKUPS,
    "cvat_sdk.core.proxies.tasks:TasksRepo.create_from_data(annotation_path)": _FORMATS,
    "cvat_sdk.core.proxies.tasks:TasksRepo.create_from_data(annotation_format)": _FORMATS,
    "cvat_sdk.core.proxies.jobs:Job.import_annotations": _FORMATS,
    "cvat_sdk.core.proxies.jobs:Job.export_dataset": _FORMATS,
    "cvat_sdk.core.proxies.jobs:Job.export": _FORMATS,
    "cvat_sdk.core.proxies.jobs:Job.get_issues": _REVIEW,
}  # fmt: skip

# `group.operation`, and why it has no row in the endpoint table.
OPERATIONS_LEFT_OUT = {
    "auth.create_register": "accounts are made by those who run the server",
    "auth.create_password_reset": "passwords are reset by those who run the server",
    "auth.create_password_reset_confirm": "passwords are reset by those who run the server",
    "auth.retrieve_rules": "an archive for the server's own use",
    "server.list_share": "what lies on a server's share is not listed",
    **{f"{kind}.create_dataset_export": _FORMATS for kind in ("projects", "tasks", "jobs")},
    **{f"{kind}.create_annotations": _FORMATS for kind in ("tasks", "jobs")},
    "projects.create_dataset": _FORMATS,
    **{f"{kind}.create_backup": _BACKUPS for kind in ("projects", "tasks")},
    **{f"{kind}.create_backup_export": _BACKUPS for kind in ("projects", "tasks")},
    **{f"{kind}.retrieve_validation_layout": _VALIDATION for kind in ("tasks", "jobs")},
    **{f"{kind}.partial_update_validation_layout": _VALIDATION for kind in ("tasks", "jobs")},
}
# What a row's official arguments are for, that ours does without.
_EXPORT_ARGUMENTS = {"action", "cloud_storage_id", "filename", "format", "location"}

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_NAMES = [
    (module, name)
    for module, names in OFFICIAL["modules"].items()
    if module not in LEFT_OUT
    for name in names
    if f"{module}:{name}" not in LEFT_OUT
]


def _signature(text: str) -> inspect.Signature:
    namespace: dict[str, Any] = {}
    exec(f"def f{text}: ...", namespace)
    return inspect.signature(namespace["f"])


def _parameters(signature: inspect.Signature) -> list[inspect.Parameter]:
    return [p for p in signature.parameters.values() if p.name not in ("self", "cls")]


def _differences(where: str, ours: inspect.Signature, official: inspect.Signature) -> list[str]:
    mine = _parameters(ours)
    by_name = {p.name: p for p in mine}
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in mine)
    found = []
    for position, wanted in enumerate(_parameters(official)):
        if f"{where}({wanted.name})" in LEFT_OUT:
            continue
        own = by_name.get(wanted.name)
        if own is None:
            if wanted.kind is not inspect.Parameter.POSITIONAL_ONLY and not takes_any:
                found.append(f"lacks {wanted.name}")
        elif wanted.kind in _POSITIONAL and mine.index(own) != position:
            found.append(f"{wanted.name} is not at position {position}")
        elif not _same_default(own.default, wanted.default):
            found.append(f"{wanted.name} is {own.default!r}, officially {wanted.default!r}")
    extra = [p for p in mine if p.name not in official.parameters and p.default is p.empty]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return found + [f"{p.name} has no default" for p in extra if p.kind in named]


def _same_default(own: Any, wanted: Any) -> bool:
    if wanted is inspect.Parameter.empty:
        return True
    if own is inspect.Parameter.empty:
        return False
    return wanted is ... or own == wanted


def _has_property(cls: type, name: str) -> bool:
    attribute = inspect.getattr_static(cls, name, None)
    declared = {field for base in cls.__mro__ for field in getattr(base, "__annotations__", {})}
    return isinstance(attribute, property | cached_property) or name in declared


def _problems(where: str, ours: Any, official: dict[str, Any]) -> list[str]:
    if official["kind"] == "enum":
        assert issubclass(ours, enum.Enum)
        values = {member.name: member.value for member in ours}
        return [] if values == official["values"] else [f"{where}: {values}"]
    problems = []
    # What takes nothing officially is made by the package, not by scripts.
    if official.get("parameters", "()") != "()":
        wanted = _signature(official["parameters"])
        problems += [f"{where}: {d}" for d in _differences(where, inspect.signature(ours), wanted)]
    for name, text in official.get("members", {}).items():
        problems += _member_problems(f"{where}.{name}", ours, name, text)
    return problems


def _member_problems(where: str, cls: type, name: str, text: str) -> list[str]:
    if where in LEFT_OUT:
        return []
    if text == "property":
        return [] if _has_property(cls, name) else [f"{where}: not a property"]
    if not hasattr(cls, name):
        return [f"{where}: missing"]
    own = inspect.signature(getattr(cls, name))
    return [f"{where}: {d}" for d in _differences(where, own, _signature(text))]


@pytest.mark.parametrize(("module", "name"), _NAMES)
def test_what_existing_scripts_import_is_there_and_takes_what_they_give(
    module: str, name: str
) -> None:
    ours = getattr(importlib.import_module(module), name)
    assert _problems(f"{module}:{name}", ours, OFFICIAL["modules"][module][name]) == []


@pytest.mark.parametrize("entry", LEFT_OUT)
def test_what_is_left_out_exists_officially_and_not_here(entry: str) -> None:
    module, _, rest = entry.partition(":")
    assert module in OFFICIAL["modules"]
    if not rest:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(module)
        return
    name, _, member = rest.partition(".")
    assert name in OFFICIAL["modules"][module]
    ours = getattr(importlib.import_module(module), name, None)
    member, _, parameter = member.partition("(")
    if parameter:
        signature = inspect.signature(getattr(ours, member))
        assert parameter.rstrip(")") not in signature.parameters
    else:
        assert not hasattr(ours, member) if member else ours is None


@pytest.mark.parametrize(
    ("group", "name"), [(g, name) for g, rows in OFFICIAL["operations"].items() for name in rows]
)
def test_operations_have_the_official_names_and_arguments(group: str, name: str) -> None:
    ours = ENDPOINTS[group].get(name)
    if f"{group}.{name}" in OPERATIONS_LEFT_OUT:
        assert ours is None
        return
    assert ours is not None
    method, path, arguments = OFFICIAL["operations"][group][name].split(" ", 2)
    assert (ours.method, ours.path) == (method, path)
    official = _signature(arguments).parameters.values()
    required = [p.name for p in official if p.default is p.empty]
    optional = {p.name for p in official if p.default is not p.empty}
    if name == "retrieve_annotations":
        optional -= _EXPORT_ARGUMENTS
    assert list(ours.required) == required
    assert optional <= ours.arguments


def test_no_operation_is_left_out_that_does_not_exist() -> None:
    assert set(OPERATIONS_LEFT_OUT) <= {
        f"{group}.{name}" for group, rows in OFFICIAL["operations"].items() for name in rows
    }


@pytest.mark.parametrize("name", OFFICIAL["models"])
def test_records_have_the_official_fields(name: str) -> None:
    ours, official = getattr(models, name), OFFICIAL["models"][name]
    if "values" in official:
        assert {member.value for member in ours} == set(official["values"])
        return
    fields = ours.__struct_fields__
    assert set(official["required"] + official["optional"]) <= set(fields)
    if name.endswith("Request"):
        assert list(fields[: len(official["required"])]) == official["required"]


@pytest.mark.parametrize(
    ("error", "bases"),
    [
        (name, entry["bases"])
        for module in OFFICIAL["modules"].values()
        for name, entry in module.items()
        if entry["kind"] == "exception"
    ],
)
def test_errors_can_be_caught_by_their_official_bases(error: str, bases: list[str]) -> None:
    exceptions = importlib.import_module("cvat_sdk.exceptions")
    ancestors = {base.__name__ for base in getattr(exceptions, error).__mro__}
    assert {base.rpartition(".")[2] for base in bases} <= ancestors
