"""Who may do what: every route for every role."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from cvat_hub.app import ROUTES

# What somebody is to the objects of the world below, all of which are in one organization; those
# who are something to the project, its task or a job are workers there.
ROLES = {
    "n": "nobody: not logged in",
    "s": "stranger",
    "r": "removed: was a worker, and assignee of a job",
    "i": "invited",
    "w": "worker",
    "v": "supervisor",
    "m": "maintainer",
    "o": "owner of the organization",
    "j": "assignee of the job",
    "t": "assignee of the task",
    "T": "owner of the task",
    "p": "assignee of the project",
    "P": "owner of the project",
    "A": "admin",
    "R": "owner of the organization, by a token for reading only",
}
# What they are told: `+` is the status at the end of the line, `.` is 404, `x` is 403, `u` is 401.
TABLE = """
method path                                     n s r i w v m o j t T p P A R
GET    server/about                             + + + + + + + + + + + + + + + 200
GET    schema                                   + + + + + + + + + + + + + + + 200
POST   auth/login                               + + + + + + + + + + + + + + + 400
POST   auth/logout                              u + + + + + + + + + + + + + x 200
GET    auth/access_tokens                       u + + + + + + + + + + + + + + 200
POST   auth/access_tokens                       u + + + + + + + + + + + + + x 201
GET    auth/access_tokens/self                  u . . . . . . . . . . . . . + 200
GET    auth/access_tokens/{token}               u . . . . . . + . . . . . . + 200
PATCH  auth/access_tokens/{token}               u . . . . . . + . . . . . . x 200
DELETE auth/access_tokens/{token}               u . . . . . . + . . . . . . x 204
POST   auth/password/change                     u + + + + + + + + + + + + + x 400
GET    users                                    u + + + + + + + + + + + + + + 200
GET    users/self                               u + + + + + + + + + + + + + + 200
GET    users/{user}                             u . . . + + + + + + + + + + + 200
PATCH  users/{user}                             u . . . x x x x x x x x x + x 200
DELETE users/{user}                             u . . . x x x x x x x x x + x 204
GET    organizations                            u + + + + + + + + + + + + + + 200
POST   organizations                            u + + + + + + + + + + + + + x 201
GET    organizations/{organization}             u . . . + + + + + + + + + + + 200
PATCH  organizations/{organization}             u . . . x x + + x x x x x + x 200
DELETE organizations/{organization}             u . . . x x x + x x x x x + x 204
GET    memberships                              u + + + + + + + + + + + + + + 200
GET    memberships?org={slug}                   u . . . + + + + + + + + + + + 200
GET    memberships/{membership}                 u . . . + + + + + + + + + + + 200
PATCH  memberships/{membership}                 u . . . x x + + x x x x x + x 200
DELETE memberships/{membership}                 u . . . x x + + x x x x x + x 204
PATCH  memberships/{maintainer}                 u . . . x x x + x x x x x + x 200
DELETE memberships/{maintainer}                 u . . . x x x + x x x x x + x 204
GET    invitations                              u + + + + + + + + + + + + + + 200
POST   invitations                              u + + + + + + + + + + + + + x 400
POST   invitations?org={slug}                   u . . . x x + + x x x x x + x 201
GET    invitations/{invitation}                 u . . + . . + + . . . . . + + 200
DELETE invitations/{invitation}                 u . . x . . + + . . . . . + x 204
POST   invitations/{invitation}/accept          u . . + . . x x . . . . . x x 200
POST   invitations/{invitation}/decline         u . . + . . x x . . . . . x x 204
POST   invitations/{invitation}/resend          u . . x . . + + . . . . . + x 204
GET    projects                                 u + + + + + + + + + + + + + + 200
POST   projects                                 u + + + + + + + + + + + + + x 201
POST   projects?org={slug}                      u . . . x + + + x x x x x + x 201
GET    projects/{project}                       u . . . . . + + + + + + + + + 200
PATCH  projects/{project}                       u . . . . . + + x x x + + + x 200
PATCH  projects/{project} to another owner      u . . . . . + + x x x x + + x 200
DELETE projects/{project}                       u . . . . . + + x x x x + + x 204
GET    projects/{project}/preview               u . . . . . + + + + + + + + + 200
GET    tasks                                    u + + + + + + + + + + + + + + 200
POST   tasks                                    u + + + + + + + + + + + + + x 201
POST   tasks?org={slug}                         u . . . x + + + x x x x x + x 201
POST   tasks?org_id={organization} in a project u . . . ! ! + + x x x + + + x 201
POST   tasks in a project                       u ! ! ! ! ! + + x x x + + + x 201
GET    tasks/{task}                             u . . . . . + + + + + + + + + 200
PATCH  tasks/{task}                             u . . . . . + + x x + + + + x 200
PATCH  tasks/{task} to another owner            u . . . . . + + x x + x + + x 200
DELETE tasks/{task}                             u . . . . . + + x x + x + + x 204
GET    tasks/{task}/status                      u . . . . . + + + + + + + + + 200
GET    tasks/{task}/preview                     u . . . . . + + + + + + + + + 200
GET    tasks/{task}/data/meta                   u . . . . . + + + + + + + + + 200
PATCH  tasks/{task}/data/meta                   u . . . . . + + x x + + + + x 200
GET    tasks/{task}/data?type=frame&number=0    u . . . . . + + + + + + + + + 200
POST   tasks/{task}/data                        u . . . . . + + x x + + + + x 409
POST   tasks/{empty}/data                       u . . . . . + + . x + + + + x 202
OPTIONS tasks/{empty}/data                      + + + + + + + + + + + + + + + 204
OPTIONS tasks/{empty}/data/{upload}             + + + + + + + + + + + + + + + 204
HEAD   tasks/{empty}/data/{upload}              u . . . . . + + . x + + + + + 200
PATCH  tasks/{empty}/data/{upload}              u . . . . . + + . x + + + + x 204
GET    tasks/{task}/annotations                 u . . . . . + + + + + + + + + 200
PUT    tasks/{task}/annotations                 u . . . . . + + x + + + + + x 200
PATCH  tasks/{task}/annotations?action=create   u . . . . . + + x + + + + + x 200
PATCH  tasks/{task}/annotations?action=update   u . . . . . + + x + + + + + x 200
PATCH  tasks/{task}/annotations?action=delete   u . . . . . + + x + + + + + x 200
DELETE tasks/{task}/annotations                 u . . . . . + + x + + + + + x 204
GET    jobs                                     u + + + + + + + + + + + + + + 200
GET    jobs/{job}                               u . . . . . + + + + + + + + + 200
PATCH  jobs/{job}                               u . . . . . + + + + + + + + x 200
PATCH  jobs/{job} to another assignee           u . . . . . + + x x + + + + x 200
PATCH  jobs/{other}                             u . . . . . + + x + + + + + x 200
GET    jobs/{job}/preview                       u . . . . . + + + + + + + + + 200
GET    jobs/{job}/data/meta                     u . . . . . + + + + + + + + + 200
PATCH  jobs/{job}/data/meta                     u . . . . . + + x x + + + + x 200
GET    jobs/{job}/data?type=frame&number=0      u . . . . . + + + + + + + + + 200
GET    jobs/{job}/annotations                   u . . . . . + + + + + + + + + 200
PUT    jobs/{job}/annotations                   u . . . . . + + + + + + + + x 200
PATCH  jobs/{job}/annotations?action=create     u . . . . . + + + + + + + + x 200
DELETE jobs/{job}/annotations                   u . . . . . + + + + + + + + x 204
PUT    jobs/{other}/annotations                 u . . . . . + + x + + + + + x 200
GET    labels                                   u + + + + + + + + + + + + + + 200
GET    labels?task_id={task}                    u . . . . . + + + + + + + + + 200
GET    labels?job_id={job}                      u . . . . . + + + + + + + + + 200
GET    labels?project_id={project}              u . . . . . + + + + + + + + + 200
GET    labels/{label}                           u . . . . . + + + + + + + + + 200
PATCH  labels/{label}                           u . . . . . + + x x x + + + x 200
DELETE labels/{label}                           u . . . . . + + x x x + + + x 204
GET    functions                                u + + + + + + + + + + + + + + 200
POST   functions                                u + + + + + + + + + + + + + x 201
POST   functions?org={slug}                     u . . . x x + + x x x x x + x 201
GET    functions/{function}                     u . . . + + + + + + + + + + + 200
DELETE functions/{function}                     u . . . x x + + x x x x x + x 204
GET    functions/{public}                       u + + + + + + + + + + + + + + 200
DELETE functions/{public}                       u x x x x x x x x x x x x + x 204
POST   functions/{function}/run                 u . . . . . + + + + + + + + x 503
POST   functions/{public}/run                   u . . . . . + + + + + + + + x 503
GET    functions/requests                       u + + + + + + + + + + + + + + 200
POST   functions/requests                       u . . . . . + + x + + + + + x 409
GET    functions/requests/{batch}               u . . . . . + + . . + + + + + 200
DELETE functions/requests/{batch}               u . . . . . + + . . + + + + x 204
GET    functions/queues/{queue}/watch           u . . . x x + + x x x x x + + 200
POST   functions/queues/{queue}/requests/acquire u . . . x x + + x x x x x + x 200
POST   functions/queues/{queue}/requests/{batch}/update u . . . x x + + x x x x x + x 409
POST   functions/queues/{queue}/requests/{batch}/complete u . . . x x + + x x x x x + x 409
POST   functions/queues/{queue}/requests/{batch}/fail u . . . x x + + x x x x x + x 409
POST   hub/functions/queues/{queue}/requests/{batch}/release u . . . x x + + x x x x x + x 409
GET    lambda/functions                         u + + + + + + + + + + + + + + 200
GET    lambda/functions/{function}              u . . . + + + + + + + + + + + 200
POST   lambda/functions/{function}              u . . . . . + + + + + + + + x 503
GET    lambda/requests                          u + + + + + + + + + + + + + + 200
POST   lambda/requests                          u . . . . . + + x + + + + + x 503
GET    lambda/requests/{batch}                  u . . . . . + + . . + + + + + 200
DELETE lambda/requests/{batch}                  u . . . . . + + . . + + + + x 204
GET    requests                                 u + + + + + + + + + + + + + + 200
GET    requests/{request}                       u . . . . . . + . . . . . + + 200
"""
STATUSES = {".": 404, "x": 403, "u": 401, "!": 400}


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    method: str
    path: str
    case: str
    cells: dict[str, int]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path} {self.case}".strip()


def _rows() -> Iterator[Row]:
    roles, *lines = TABLE.strip().splitlines()
    letters = roles.split()[2:]
    for line in lines:
        words = line.split()
        cells, usual = words[-len(letters) - 1 : -1], int(words[-1])
        statuses = {
            letter: STATUSES.get(cell, usual) for letter, cell in zip(letters, cells, strict=True)
        }
        yield Row(words[0], words[1], " ".join(words[2 : -len(letters) - 1]), statuses)


ROWS = list(_rows())
_FUNCTION = {"provider": "native", "name": "f", "kind": "interactor"}
_DETECTOR = {"provider": "native", "name": "f", "kind": "detector", "labels_v2": []}
_ASKED = {"task": "{task}", "frame": 0}
_ASKED_IN_BACKGROUND = {"function": "{detector}", "task": "{task}"}
_AGENT = {"agent_id": "a"}
_OF_QUEUE = "functions/queues/{queue}/requests/"
# What is sent where an empty object would not do.
BODIES: dict[str, Any] = {
    "auth/access_tokens": {"name": "x"},
    "memberships/{membership}": {"role": "worker"},
    "memberships/{maintainer}": {"role": "maintainer"},
    "invitations": {"role": "worker", "email": "{newcomer}"},
    "invitations?org={slug}": {"role": "worker", "email": "{newcomer}"},
    "organizations": {"slug": "{unique}"},
    "projects": {"name": "x"},
    "projects?org={slug}": {"name": "x"},
    "projects/{project} to another owner": {"owner_id": "{project_owner}"},
    "tasks": {"name": "x"},
    "tasks?org={slug}": {"name": "x"},
    "tasks in a project": {"name": "x", "project_id": "{project}"},
    "tasks?org_id={organization} in a project": {"name": "x", "project_id": "{project}"},
    "tasks/{task} to another owner": {"owner_id": "{task_owner}"},
    "functions": _FUNCTION,
    "functions?org={slug}": _FUNCTION,
    "functions/{function}/run": _ASKED,
    "functions/{public}/run": _ASKED,
    "functions/requests": _ASKED_IN_BACKGROUND,
    f"{_OF_QUEUE}acquire": _AGENT | {"request_category": "interactive"},
    f"{_OF_QUEUE}{{batch}}/update": _AGENT | {"progress": 0.5},
    f"{_OF_QUEUE}{{batch}}/complete": _AGENT,
    f"{_OF_QUEUE}{{batch}}/fail": _AGENT,
    f"hub/{_OF_QUEUE}{{batch}}/release": _AGENT,
    "lambda/functions/{function}": _ASKED,
    "lambda/requests": _ASKED_IN_BACKGROUND,
    "jobs/{job} to another assignee": {"assignee": "{job_assignee}"},
}
HEADERS = {
    "POST tasks/{task}/data": {"Upload-Start": ""},
    "POST tasks/{empty}/data": {"Upload-Start": ""},
    "PATCH tasks/{empty}/data/{upload}": {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": "0",
    },
}


def test_every_route_stands_in_the_table() -> None:
    known = {(row.method, _shape(row.path.partition("?")[0])) for row in ROWS}
    served = {(method, _shape(path)) for path, methods in ROUTES.items() for method in methods}
    assert known == served


def _shape(path: str) -> str:
    return re.sub(r"\{.*?\}", "{}", path)


@dataclass
class World:
    """An organization with everybody in it, and one object of each kind."""

    hub: Any
    people: dict[str, Any]
    names: dict[str, Any]
    # What makes another object, for those who may take it away, by its name in the table.
    fresh: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def ask(self, letter: str, row: Row) -> Any:
        """Send what a line of the table says, as somebody."""
        names = self.names | {"unique": secrets.token_hex(8)}
        if row.path.startswith("invitations") and row.method == "POST":
            names["newcomer"] = self.hub.name_of(self.hub.new_user())
        taken = re.search(r"\{(\w+)\}", row.path)
        if taken and row.cells[letter] < 300 and row.name in self.fresh:
            names[taken[1]] = self.fresh[row.name]()
        body = None
        if row.method not in ("GET", "HEAD", "DELETE") and row.name not in HEADERS:
            sent = BODIES.get(f"{row.path} {row.case}".strip(), {})
            body = {name: _filled(value, names) for name, value in sent.items()}
        client = self.people[letter]
        if row.path == "auth/logout" and letter in "srivwmojtTpPA":
            client = self.hub.log_in(client.user_id)
        path = row.path.format(**names)
        # A stream has no end, but a head.
        method = "HEAD" if path.endswith("/watch") else row.method
        return client(method, path, body, headers=HEADERS.get(row.name))


def _filled(value: Any, names: dict[str, Any]) -> Any:
    is_name = isinstance(value, str) and value.startswith("{")
    return names[value.strip("{}")] if is_name else value


@pytest.fixture(scope="module")
def world(hub: Any, new_task: Callable[..., Any]) -> World:
    people = {
        letter: hub.new_user(is_admin=letter == "A") for letter in ROLES if letter not in "nR"
    }
    owner = people["o"]
    slug = (organization := hub.new_organization(owner))["slug"]
    roles = {"m": "maintainer", "v": "supervisor"}
    members = {
        letter: hub.join(owner, slug, people[letter], roles.get(letter, "worker"))
        for letter in "rwvmjtTpP"
    }
    ids = {letter: person.user_id for letter, person in people.items()}
    bystander = hub.new_user()

    def project() -> int:
        asked = {"name": "x", "labels": [{"name": "a"}], "assignee_id": ids["p"]}
        made = owner("POST", f"projects?org={slug}", asked).json
        assert owner("PATCH", f"projects/{made['id']}", {"owner_id": ids["P"]}).status == 200
        return int(made["id"])

    project_id = project()

    def task(**options: Any) -> dict[str, Any]:
        made = new_task(owner, labels=[], project_id=project_id, segment_size=2, **options)
        handed = {"owner_id": ids["T"], "assignee_id": ids["t"]}
        assert owner("PATCH", f"tasks/{made['id']}", handed).status == 200
        return dict(made)

    def label() -> int:
        asked = {"labels": [{"name": secrets.token_hex(4)}]}
        assert owner("PATCH", f"projects/{project_id}", asked).status == 200
        return int(
            owner("GET", f"labels?project_id={project_id}&sort=-id").json["results"][0]["id"]
        )

    def new_member(role: str = "worker") -> int:
        return int(hub.join(owner, slug, hub.new_user(), role))

    def invitation_of_invited() -> str:
        other = hub.new_organization(owner)
        for letter in "m":
            hub.join(owner, other["slug"], people[letter], roles[letter])
        return str(hub.invite(owner, other["slug"], people["i"])["key"])

    def new_organization() -> int:
        return int(hub.new_organization(owner)["id"])

    def function(maker: Any = owner, query: str = f"?org={slug}", **changes: Any) -> int:
        return int(maker("POST", f"functions{query}", _FUNCTION | changes).json["id"])

    def public_function() -> int:
        return function(people["A"], "", visibility="public")

    def detector() -> int:
        return int(owner("POST", f"functions?org={slug}", _DETECTOR).json["id"])

    def batch(task_id: int) -> str:
        asked = owner("POST", "functions/requests", {"function": queue, "task": task_id})
        return str(asked.json["id"])

    def new_batch() -> str:
        return batch(task()["id"])

    def token() -> dict[str, Any]:
        made = owner("POST", "auth/access_tokens", {"name": "x", "read_only": True}).json
        return dict(made)

    task_id, empty_id = task()["id"], task(frames=0)["id"]
    # Nobody comes for what is asked of the other one.
    queue = detector()
    other, job = owner("GET", f"jobs?task_id={task_id}").json["results"]
    assert owner("PATCH", f"jobs/{job['id']}", {"assignee": ids["j"]}).status == 200
    assert owner("PATCH", f"jobs/{other['id']}", {"assignee": ids["r"]}).status == 200
    assert owner("DELETE", f"memberships/{members['r']}").status == 204
    tus = {"Upload-Length": "9", "Upload-Metadata": _metadata("a.jpg")}
    upload = owner("POST", f"tasks/{empty_id}/data", headers=tus).headers["Location"]
    membership = hub.join(owner, slug, bystander)
    names = {
        "user": bystander.user_id,
        "organization": organization["id"],
        "slug": slug,
        "membership": membership,
        "maintainer": new_member("maintainer"),
        "invitation": hub.invite(owner, slug, people["i"])["key"],
        "project": project_id,
        "task": task_id,
        "empty": empty_id,
        "job": job["id"],
        "other": other["id"],
        "label": label(),
        "function": function(),
        "public": public_function(),
        "detector": detector(),
        "queue": f"function%3A{queue}",
        "batch": batch(task_id),
        "token": (own := token())["id"],
        "upload": upload.rpartition("/")[2],
        "request": f"action%3Dcreate%26target%3Dtask%26target_id%3D{task_id}",
        "job_assignee": ids["j"],
        "task_owner": ids["T"],
        "project_owner": ids["P"],
    }
    people["n"] = hub.client()
    people["R"] = hub.client({"Authorization": f"Bearer {own['value']}"}, owner.user_id)
    fresh = {
        "DELETE auth/access_tokens/{token}": lambda: token()["id"],
        "DELETE users/{user}": lambda: hub.new_user().user_id,
        "DELETE organizations/{organization}": new_organization,
        "DELETE memberships/{membership}": new_member,
        "DELETE memberships/{maintainer}": lambda: new_member("maintainer"),
        "DELETE invitations/{invitation}": invitation_of_invited,
        "POST invitations/{invitation}/accept": invitation_of_invited,
        "POST invitations/{invitation}/decline": invitation_of_invited,
        "DELETE projects/{project}": project,
        "DELETE tasks/{task}": lambda: task(frames=0)["id"],
        "DELETE labels/{label}": label,
        "DELETE functions/requests/{batch}": new_batch,
        "DELETE lambda/requests/{batch}": new_batch,
        "DELETE functions/{function}": function,
        "DELETE functions/{public}": public_function,
    }
    return World(hub, people, names, fresh)


def _metadata(name: str) -> str:
    return f"filename {base64.b64encode(name.encode()).decode()}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_role_is_told_what_the_table_says(world: World, row: Row) -> None:
    told = {letter: world.ask(letter, row).status for letter in ROLES}
    assert told == row.cells
