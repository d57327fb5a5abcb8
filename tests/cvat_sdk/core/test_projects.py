"""Projects, organizations, users; what all kinds have in common is in test_proxies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cvat_sdk import exceptions, models
from cvat_sdk.core.client import Client
from cvat_sdk.core.filters import F
from cvat_sdk.core.proxies.organizations import Organization
from cvat_sdk.core.proxies.projects import Project

PROJECT = "/api/projects/3"
REPLY = {
    "id": 3,
    "name": "streets",
    "organization": 2,
    "tasks": {"count": 1, "url": "http://cvat.test/api/tasks?project_id=3"},
    "labels": {"url": "http://cvat.test/api/labels?project_id=3"},
    "task_subsets": ["Train"],
    "dimension": "2d",
    "target_storage": {"id": 1, "location": "local", "cloud_storage_id": None},
}


@pytest.fixture
def project(client: Client, server: Any) -> Project:
    server.answer("GET", PROJECT, 200, REPLY)
    found = client.projects.retrieve(3)
    server.sent.clear()
    return found


def test_a_project_is_made_changed_and_removed(client: Client, server: Any) -> None:
    server.answer("POST", "/api/projects", 201, REPLY)
    server.answer("PATCH", PROJECT, 200, {**REPLY, "name": "roads"})
    server.answer("DELETE", PROJECT, 204)
    spec = models.ProjectWriteRequest(name="streets", labels=[{"name": "car"}])
    project = client.projects.create(spec)
    assert project.task_subsets == ["Train"]
    assert project.update(models.PatchedProjectWriteRequest(name="roads")).name == "roads"
    project.remove()
    client.projects.remove_by_ids([3])
    assert [sent.json for sent in server.of("POST", "/api/projects")] == [
        {"name": "streets", "labels": [{"name": "car"}]}
    ]
    assert server.of("PATCH", PROJECT)[0].json == {"name": "roads"}
    assert len(server.of("DELETE", PROJECT)) == 2
    assert client.projects.create_from_dataset({"name": "streets"}).id == 3


def test_tasks_and_labels_are_those_of_the_project(project: Project, server: Any) -> None:
    server.answer("GET", "/api/tasks", 200, {"count": 1, "results": [{"id": 5, "project_id": 3}]})
    server.answer("GET", "/api/labels", 200, {"count": 1, "results": [{"id": 2, "name": "car"}]})
    assert [(task.id, type(task).__name__) for task in project.get_tasks()] == [(5, "Task")]
    assert [label.name for label in project.get_labels()] == ["car"]
    for sent in server.sent:
        assert sent.query["project_id"] == ["3"]
        assert sent.query["org_id"] == ["2"]


def test_the_preview_is_a_file(project: Project, server: Any) -> None:
    server.answer("GET", f"{PROJECT}/preview", 200, b"JPEG")
    assert project.get_preview().read() == b"JPEG"


def test_the_annotations_of_a_project_are_those_of_its_tasks(project: Project) -> None:
    with pytest.raises(AttributeError, match=r"for task in project.get_tasks\(\)"):
        project.get_annotations()


def test_lists_are_filtered_by_conditions(client: Client, server: Any) -> None:
    server.answer("GET", "/api/projects", 200, {"count": 1, "results": [REPLY]})
    assert [one.name for one in client.projects.list(filter=F.id > 2, name__contains="st")] == [
        "streets"
    ]
    assert json.loads(client.projects.list(return_json=True)) == [REPLY]
    filtered, plain = server.sent
    assert json.loads(filtered.query["filter"][0]) == {
        "and": [{"in": ["st", {"var": "name"}]}, {">": [{"var": "id"}, 2]}]
    }
    assert "filter" not in plain.query


def test_an_organization_is_made_changed_and_removed(client: Client, server: Any) -> None:
    reply = {"id": 2, "slug": "lab", "name": "lab", "owner": {"id": 1, "username": "ann"}}
    server.answer("POST", "/api/organizations", 201, reply)
    server.answer("GET", "/api/organizations/2", 200, reply)
    server.answer("GET", "/api/organizations", 200, {"count": 1, "results": [reply]})
    server.answer("PATCH", "/api/organizations/2", 200, {**reply, "name": "Laboratory"})
    server.answer("DELETE", "/api/organizations/2", 204)
    made = client.organizations.create(models.OrganizationWriteRequest(slug="lab"))
    assert client.organizations.list() == [made]
    found = client.organizations.retrieve(2)
    assert isinstance(found, Organization)
    assert found.owner.username == "ann"
    assert found.update({"name": "Laboratory"}).name == "Laboratory"
    assert found.fetch().name == "lab"
    found.remove()
    assert server.sent[0].json == {"slug": "lab"}


def test_people_are_found_and_changed(client: Client, server: Any) -> None:
    ann = {"id": 1, "username": "ann", "groups": ["user"]}
    server.answer("GET", "/api/users/self", 200, ann)
    server.answer("GET", "/api/users", 200, {"count": 2, "results": [ann, {"username": "bo"}]})
    server.answer("PATCH", "/api/users/1", 200, {**ann, "first_name": "Ann"})
    me = client.users.retrieve_current_user()
    assert [user.username for user in client.users.list(search="n")] == ["ann", "bo"]
    assert me.update(models.PatchedUserRequest(first_name="Ann")).first_name == "Ann"


def test_members_are_invited_and_given_roles(client: Client, server: Any) -> None:
    member = {"id": 4, "user": {"id": 7, "username": "bo"}, "organization": 2, "role": "worker"}
    invitation = {**member, "key": "k/1", "owner": None, "accepted": False, "expired": False}
    server.answer("POST", "/api/invitations", 201, invitation)
    server.answer("POST", "/api/invitations/k%2F1/accept", 200, {"organization_slug": "lab"})
    server.answer("PATCH", "/api/memberships/4", 200, {**member, "role": "supervisor"})
    api = client.api_client
    request = models.InvitationWriteRequest(role=models.RoleEnum.WORKER, email="bo@example.org")
    made, _ = api.invitations_api.create(request, org="lab")
    accepted, _ = api.invitations_api.accept(made.key)
    role = models.PatchedMembershipWriteRequest(role=models.RoleEnum("supervisor"))
    changed, _ = api.memberships_api.partial_update(4, patched_membership_write_request=role)
    assert accepted.organization_slug == "lab"
    assert changed.role == models.RoleEnum.SUPERVISOR
    assert server.sent[0].query == {"org": ["lab"]}
    assert server.sent[0].json == {"role": "worker", "email": "bo@example.org"}


@pytest.mark.parametrize("kind", ["issues", "comments"])
def test_what_is_not_there_is_told_with_the_way_around(client: Client, kind: str) -> None:
    with pytest.raises(AttributeError, match=rf"call_api\('/api/{kind}', 'GET'\)"):
        getattr(client, kind)
    with pytest.raises(AttributeError, match="call_api"):
        getattr(client.api_client, f"{kind}_api")
    with pytest.raises(AttributeError, match=r"a client has no 'taks'$"):
        client.taks  # type: ignore[attr-defined]  # noqa: B018


def test_labels_and_a_project_exclude_each_other(client: Client, server: Any) -> None:
    spec = {"name": "x", "project_id": 3, "labels": [{"name": "car"}]}
    for given in (spec, models.TaskWriteRequest(**spec)):
        with pytest.raises(exceptions.ApiValueError, match="leave out labels"):
            client.tasks.create_from_data(given, ["a.jpg"])
    assert server.sent == []
