"""What every kind of objects has, by the example of projects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

import cvat_cli.__main__

Cli = Callable[..., tuple[int, str, str]]


class Projects:
    """Stands in for `client.projects`."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []
        self.removed: list[int] = []

    def create(self, spec: dict[str, Any]) -> SimpleNamespace:
        self.made.append(spec)
        return SimpleNamespace(id=len(self.made))

    def list(self, *, return_json: bool) -> Any:
        found = [{"id": i, **spec} for i, spec in enumerate(self.made, 1)]
        return json.dumps(found) if return_json else [SimpleNamespace(**one) for one in found]

    def remove_by_ids(self, ids: Sequence[int]) -> None:
        self.removed += ids


@pytest.fixture
def projects(monkeypatch: pytest.MonkeyPatch) -> Projects:
    projects = Projects()

    @contextmanager
    def client(*_: object, **__: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(projects=projects)

    monkeypatch.setattr(cvat_cli.__main__, "logged_in_client", client)
    return projects


def test_projects_are_made_listed_and_removed(cli: Cli, projects: Projects) -> None:
    labels = '[{"name": "car"}]'
    assert cli("project", "create", "streets", "--labels", labels, "--bug", "http://b") == (
        *(0, "1\n", ""),
    )
    assert cli("project", "create", "bare") == (0, "2\n", "")
    assert projects.made == [
        {"name": "streets", "labels": [{"name": "car"}], "bug_tracker": "http://b"},
        {"name": "bare"},
    ]
    assert cli("project", "ls") == (0, "1\n2\n", "")
    code, out, _ = cli("project", "ls", "--json")
    assert (code, json.loads(out)[1]) == (0, {"id": 2, "name": "bare"})
    assert cli("project", "delete", 1, 2) == (0, "", "")
    assert projects.removed == [1, 2]
