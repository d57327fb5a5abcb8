"""Requests that make no sense: each is refused in the wire's form, and nothing changes.

Annotations and uploads have tables of their own.
"""

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from sqlalchemy import select

from cvat_hub.app import ROUTES
from cvat_hub.routes import (
    invitations,
    jobs,
    labels,
    memberships,
    organizations,
    projects,
    requests,
    tasks,
    users,
)
from cvat_hub.store import tables

PASSWORD = "correct horse"
HUGE = 2**80
NOBODY = 2**31 - 1
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")


@pytest.fixture(scope="module")
def world(new_world: Callable[..., Any]) -> Any:
    """Somebody with objects, who knows the names of somebody else's as well."""
    mine, theirs = new_world(), new_world()
    mine.names |= {f"their_{name}": value for name, value in theirs.names.items()}
    return mine


def check_form(answer: Any, place: str = "") -> None:
    """Check that an error has the wire's form, and says what is wrong at a place in the body."""
    assert answer.headers["Content-Type"] == "application/vnd.cvat+json"
    said = answer.json
    if answer.status != 400:
        assert set(said) == {"detail"}
        assert isinstance(said["detail"], str)
        return
    for step in place.split(".") if place else ():
        said = said[int(step)] if step.isdecimal() else said[step]
    if isinstance(said, dict) and not place:
        assert isinstance(said.get("detail"), str), said
    else:
        assert isinstance(said, list), said
        assert said, said
        assert all(isinstance(message, str) for message in said), said


NOUNS = {
    "tasks": ("GET", "PATCH", "DELETE"),
    "tasks/{}/status": ("GET",),
    "tasks/{}/preview": ("GET",),
    "jobs": ("GET", "PATCH"),
    "jobs/{}/preview": ("GET",),
    "labels": ("GET", "PATCH", "DELETE"),
    "projects": ("GET", "PATCH", "DELETE"),
    "projects/{}/preview": ("GET",),
    "organizations": ("GET", "PATCH", "DELETE"),
    "memberships": ("GET", "PATCH", "DELETE"),
    "invitations": ("GET", "DELETE"),
    "invitations/{}/accept": ("POST",),
    "invitations/{}/decline": ("POST",),
    "invitations/{}/resend": ("POST",),
    "auth/access_tokens": ("GET", "DELETE"),
    "users": ("GET", "PATCH", "DELETE"),
    "requests": ("GET",),
    "functions": ("GET", "DELETE"),
    "functions/requests": ("GET", "DELETE"),
    "lambda/functions": ("GET",),
    "lambda/requests": ("GET", "DELETE"),
}
_OWN_NAME = {
    "lambda/functions": "function",
    "lambda/requests": "request",
    "functions/requests": "request",
    "memberships": "member",
    "auth/access_tokens": "token",
}
IDS = (
    str(NOBODY),
    str(HUGE),
    "0",
    "-1",
    "1.0",
    "1e3",
    "0x1",
    "+1",
    "%20",
    "nothing",
    "%F0%9F%98%80",
    "%FF",
    "%00",
    "..%2F..%2Fusers%2Fself",
    "1'%20OR%20'1'='1",
    "9" * 5000,
)


@pytest.mark.parametrize(
    ("noun", "method"), [(noun, method) for noun, methods in NOUNS.items() for method in methods]
)
def test_what_is_not_there_or_not_ones_own_is_not_found(world: Any, noun: str, method: str) -> None:
    before = world.objects()
    own = _OWN_NAME.get(noun, noun.partition("/")[0].removesuffix("s"))
    path = noun if "{}" in noun else f"{noun}/{{}}"
    sent = {} if method == "PATCH" else None
    for which in (f"{{their_{own}}}", *IDS):
        answer = world.send(f"{method} {path.replace('{}', which)}", sent)
        assert answer.status == 404, (which, answer.body)
        check_form(answer)
    assert world.objects() == before


class Bad(NamedTuple):
    """A request with a body that is refused, and where in the body the trouble is."""

    request: str
    sent: Any
    place: str = ""
    status: int = 400


def _each(request: str, field: str, *values: Any, place: str = "", **rest: Any) -> Iterator[Bad]:
    for value in values:
        yield Bad(request, {**rest, field: value}, place or field)


_LABELS: list[tuple[Any, str]] = [
    ({}, "labels"),
    ("cat", "labels"),
    ([1], "labels.0"),
    ([None], "labels.0"),
    ([{}], "labels.0.name"),
    ([{"name": ""}], "labels.0.name"),
    ([{"name": None}], "labels.0.name"),
    ([{"name": "x" * 65}], "labels.0.name"),
    ([{"name": "a"}, {"name": 1}], "labels.1.name"),
    ([{"name": "a"}, {"name": "a"}], ""),
    ([{"name": "a", "color": "red"}], "labels.0.color"),
    ([{"name": "a", "color": "#12345"}], "labels.0.color"),
    ([{"name": "a", "color": 1}], "labels.0.color"),
    ([{"name": "a", "type": "circle"}], "labels.0.type"),
    ([{"name": "a", "type": None}], "labels.0.type"),
    ([{"name": "a", "id": "x"}], "labels.0.id"),
    ([{"name": "a", "id": NOBODY}], "labels.0.id"),
    ([{"name": "a", "id": HUGE}], "labels.0.id"),
    ([{"id": "{their_label}", "deleted": True}], "labels.0.id"),
    ([{"name": "a", "attributes": {}}], "labels.0.attributes"),
    ([{"name": "a", "attributes": [{}]}], "labels.0.attributes.0.name"),
    ([{"name": "a", "svg": 1}], "labels.0.svg"),
    ([{"name": "a", "sublabels": [{"name": "b"}]}], "labels.0.sublabels"),
    (
        [{"name": "a", "type": "skeleton", "sublabels": [{"name": "b", "type": "skeleton"}]}],
        "labels.0.sublabels.0.type",
    ),
    (
        [{"name": "a", "type": "skeleton", "sublabels": [{"name": "b"}, {"name": "b"}]}],
        "labels.0.sublabels",
    ),
    ([{"name": "a", "type": "skeleton", "sublabels": [{}]}], "labels.0.sublabels.0.name"),
]
_ATTRIBUTE = {"name": "a", "mutable": False, "input_type": "select", "values": ["x"]}
_ATTRIBUTES: list[tuple[Any, str]] = [
    ([{**_ATTRIBUTE, "name": ""}], "0.name"),
    ([{**_ATTRIBUTE, "name": "x" * 65}], "0.name"),
    ([{**_ATTRIBUTE, "mutable": "no"}], "0.mutable"),
    ([{**_ATTRIBUTE, "input_type": "slider"}], "0.input_type"),
    ([{**_ATTRIBUTE, "values": "x"}], "0.values"),
    ([{**_ATTRIBUTE, "values": [1]}], "0.values.0"),
    ([{**_ATTRIBUTE, "values": []}], "0.values"),
    ([{**_ATTRIBUTE, "input_type": "number"}], "0.values"),
    ([{**_ATTRIBUTE, "input_type": "number", "values": ["5", "1", "1"]}], "0.values"),
    ([{**_ATTRIBUTE, "default_value": "x" * 129}], "0.default_value"),
    ([_ATTRIBUTE, _ATTRIBUTE], ""),
]
_NOT_TEXT = (None, 1, True, [], {})
_NOT_A_NUMBER = ("1", 1.5, True, [], {})
_NO_USER = (0, -1, NOBODY, HUGE, -HUGE)

BODIES: list[Bad] = [
    *_each("POST auth/login", "password", "", *_NOT_TEXT),
    *_each("POST auth/login", "username", *_NOT_TEXT, password="x"),
    *_each("POST auth/login", "email", *_NOT_TEXT, password="x"),
    Bad("POST auth/login", {}, "password"),
    Bad("POST auth/login", {"username": "{username}", "password": "x"}, "non_field_errors"),
    Bad("POST auth/login", {"username": "x" * 50_000, "password": "x"}, "non_field_errors"),
    Bad("POST auth/access_tokens", {}, "name"),
    *_each("POST auth/access_tokens", "name", "", "x" * 51, *_NOT_TEXT),
    *_each("POST auth/access_tokens", "read_only", "yes", None, 1, [], name="t"),
    *_each(
        "POST auth/access_tokens",
        "expiry_date",
        "",
        "tomorrow",
        {},
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        name="t",
    ),
    *_each("PATCH users/{user}", "first_name", "x" * 151, *_NOT_TEXT),
    *_each("PATCH users/{user}", "last_name", "x" * 151, *_NOT_TEXT),
    *_each("PATCH users/{user}", "email", "x" * 255, *_NOT_TEXT),
    *_each("PATCH users/{user}", "username", "", "a b", "x" * 151, "taken", *_NOT_TEXT),
    *_each("PATCH users/{user}", "groups", "admin", None, {}),
    *_each("PATCH users/{user}", "is_active", "yes", None, 1),
    *_each("PATCH users/{user}", "is_superuser", "yes", None, 1),
    Bad("PATCH users/{user}", {"is_superuser": True}, status=403),
    Bad("PATCH users/{user}", {"is_staff": True}, status=403),
    Bad("PATCH users/{user}", {"is_active": False}, status=403),
    Bad("DELETE users/{user}", None),
    Bad("POST organizations", {}, "slug"),
    *_each("POST organizations", "slug", "", "x" * 17, "a b", "a/b", "é", "a\n", *_NOT_TEXT),
    *_each("POST organizations", "slug", "{slug}", "{their_slug}"),
    *_each("POST organizations", "name", "x" * 65, *_NOT_TEXT, slug="new"),
    *_each("POST organizations", "description", *_NOT_TEXT, slug="new"),
    *_each("POST organizations", "contact", None, 1, "x", [], slug="new"),
    *_each("PATCH organizations/{organization}", "slug", "", "x" * 17, "{their_slug}", None),
    *_each("PATCH organizations/{organization}", "name", "x" * 65, *_NOT_TEXT),
    *_each("PATCH organizations/{organization}", "contact", None, 1, "x", []),
    Bad("POST invitations", {"role": "worker", "email": "x"}),
    Bad("POST invitations?org={slug}", {}, "role"),
    Bad("POST invitations?org={slug}", {"role": "worker"}, "email"),
    *_each("POST invitations?org={slug}", "role", "boss", "owner", "", *_NOT_TEXT, email="admin"),
    *_each("POST invitations?org={slug}", "email", "", "no one", *_NOT_TEXT, role="worker"),
    *_each("POST invitations?org={slug}", "email", "{username}", role="worker"),
    Bad("POST invitations?org={their_slug}", {"role": "worker", "email": "admin"}, status=404),
    Bad("POST invitations/{invitation}/accept", None, status=403),
    Bad("POST invitations/{invitation}/decline", None, status=403),
    *_each("PATCH memberships/{member}", "role", "boss", "owner", "", *_NOT_TEXT),
    *(
        bad
        for noun in ("project", "task")
        for bad in (
            Bad(f"POST {noun}s", {}, "name"),
            *_each(f"POST {noun}s", "name", "", "x" * 257, *_NOT_TEXT),
            *_each(f"PATCH {noun}s/{{{noun}}}", "name", "", "x" * 257, *_NOT_TEXT),
            *_each(f"POST {noun}s", "bug_tracker", "x" * 2001, *_NOT_TEXT, name="n"),
            *_each(f"POST {noun}s", "owner_id", *_NOT_A_NUMBER, name="n"),
            *_each(f"POST {noun}s", "assignee_id", *_NOT_A_NUMBER, *_NO_USER, name="n"),
            *_each(f"POST {noun}s", "target_storage", 1, "local", [], name="n"),
            Bad(
                f"POST {noun}s",
                {"name": "n", "source_storage": {"location": "moon"}},
                "source_storage.location",
            ),
            *_each(f"PATCH {noun}s/{{{noun}}}", "bug_tracker", "x" * 2001, *_NOT_TEXT),
            *_each(f"PATCH {noun}s/{{{noun}}}", "owner_id", *_NOT_A_NUMBER, None, *_NO_USER),
            *_each(f"PATCH {noun}s/{{{noun}}}", "assignee_id", *_NOT_A_NUMBER, *_NO_USER),
            *_each(f"PATCH {noun}s/{{{noun}}}", "organization_id", *_NOT_A_NUMBER),
            Bad(f"POST {noun}s", {"name": "n", "owner_id": "{guest}"}, status=403),
            Bad(f"POST {noun}s?org={{their_slug}}", {"name": "n"}, status=404),
            Bad(f"PATCH {noun}s/{{{noun}}}", {"organization_id": NOBODY}, status=404),
            Bad(f"PATCH {noun}s/{{{noun}}}", {"organization_id": HUGE}, status=404),
            Bad(
                f"PATCH {noun}s/{{{noun}}}",
                {"organization_id": "{their_organization}"},
                status=404,
            ),
            *(
                Bad(f"POST {noun}s", {"name": "n", "labels": value}, place)
                for value, place in _LABELS
            ),
            *(
                Bad(f"PATCH {noun}s/{{{noun}}}", {"name": "n", "labels": value}, place)
                for value, place in _LABELS
            ),
            *(
                Bad(
                    f"POST {noun}s",
                    {"name": "n", "labels": [{"name": "a", "attributes": value}]},
                    f"labels.0.attributes.{place}".removesuffix("."),
                )
                for value, place in _ATTRIBUTES
            ),
        )
    ),
    *_each("POST tasks", "segment_size", -1, 2**31, HUGE, None, *_NOT_A_NUMBER, name="n"),
    *_each("POST tasks", "overlap", -1, 2**31, HUGE, *_NOT_A_NUMBER, name="n"),
    *_each("POST tasks", "subset", "x" * 65, *_NOT_TEXT, name="n"),
    *_each("POST tasks", "project_id", *_NOT_A_NUMBER, name="n"),
    *_each("POST tasks", "project_id", *_NO_USER, "{their_project}", name="n"),
    Bad(
        "POST tasks", {"name": "n", "project_id": "{project}", "labels": [{"name": "a"}]}, "labels"
    ),
    Bad("POST tasks?org={slug}", {"name": "n", "project_id": "{project}"}, "project_id"),
    *_each("PATCH tasks/{task}", "subset", "x" * 65, *_NOT_TEXT),
    *_each("PATCH tasks/{task}", "project_id", *_NOT_A_NUMBER, "{project}", "{their_project}"),
    *_each("PATCH jobs/{job}", "stage", "done", "", *_NOT_TEXT),
    *_each("PATCH jobs/{job}", "state", "done", "", *_NOT_TEXT),
    *_each("PATCH jobs/{job}", "assignee", *_NOT_A_NUMBER, *_NO_USER),
    *_each("PATCH labels/{label}", "name", "", "x" * 65, *_NOT_TEXT),
    *_each("PATCH labels/{label}", "color", "red", "#12", "#1234567", *_NOT_TEXT),
    *_each("PATCH labels/{label}", "type", "circle", "", "skeleton", *_NOT_TEXT),
    *_each("PATCH labels/{label}", "id", "{their_label}", NOBODY, HUGE),
    *_each("PATCH labels/{label}", "deleted", True, place="id"),
    *_each("PATCH labels/{label}", "deleted", "yes", None, 1),
    Bad("PATCH labels/{label}", {"attributes": [{**_ATTRIBUTE, "id": NOBODY}]}, "attributes.0.id"),
    Bad("POST tasks", b'{"name": "\xff"}', ""),
    Bad("POST tasks", b'{"owner_id": ' + b"9" * 5000 + b"}", "owner_id"),
    *(
        Bad("PATCH labels/{label}", {"attributes": value}, f"attributes.{place}".removesuffix("."))
        for value, place in _ATTRIBUTES
    ),
]


@pytest.mark.parametrize("request_", dict.fromkeys(bad.request for bad in BODIES))
def test_a_body_that_does_not_fit_is_refused_at_its_place(world: Any, request_: str) -> None:
    before = world.objects()
    for bad in BODIES:
        if bad.request == request_:
            answer = world.send(bad.request, bad.sent)
            assert answer.status == bad.status, (bad, answer.body)
            check_form(answer, bad.place)
    assert world.objects() == before


TEXTS = [
    ("POST auth/access_tokens", "name", {}),
    ("POST auth/login", "username", {"password": "x"}),
    ("POST auth/login", "password", {"username": "{username}"}),
    ("PATCH users/{user}", "first_name", {}),
    ("PATCH users/{user}", "email", {}),
    ("POST organizations", "name", {"slug": "new"}),
    ("POST organizations", "description", {"slug": "new"}),
    ("PATCH organizations/{organization}", "name", {}),
    ("POST invitations?org={slug}", "email", {"role": "worker"}),
    ("POST projects", "name", {}),
    ("POST tasks", "name", {}),
    ("POST tasks", "subset", {"name": "n"}),
    ("PATCH tasks/{task}", "bug_tracker", {}),
    ("PATCH labels/{label}", "name", {}),
    ("PATCH labels/{label}", "svg", {}),
]


@pytest.mark.parametrize(("request_", "field", "rest"), TEXTS)
def test_text_that_is_no_text_is_refused(
    world: Any, request_: str, field: str, rest: dict[str, Any]
) -> None:
    before = world.objects()
    for text in ("a\0b", "\\\0", "\ud800", "a\udfff"):
        answer = world.send(request_, {**rest, field: text})
        assert answer.status == 400, answer.body
        check_form(answer)
    assert world.objects() == before


def test_a_backslash_before_u0000_is_text(user: Any) -> None:
    answer = user("POST", "tasks", {"name": "\\u0000"})
    assert (answer.status, answer.json["name"]) == (201, "\\u0000")


def test_of_two_fields_of_one_name_the_last_counts(user: Any) -> None:
    answer = user("POST", "projects", body=b'{"name": "a", "name": "b"}')
    assert (answer.status, answer.json["name"]) == (201, "b")


BODY_ROUTES = sorted(
    (method, path)
    for path, handlers in ROUTES.items()
    for method, handler in handlers.items()
    if handler.takes and not handler.streams
)
_DEEP = 100_000
MALFORMED = {
    "truncated": b'{"name": "x"',
    "half a text": b'{"name": "x',
    "trailing garbage": b'{"name": "x"} y',
    "two values": b'{"name": "x"}{"name": "y"}',
    "a list": b'[{"name": "x"}]',
    "a text": b'"name"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
    "blanks": b"  ",
    "NaN": b'{"name": NaN}',
    "infinity": b'{"name": -Infinity}',
    "single quotes": b"{'name': 'x'}",
    "a comma too many": b'{"name": "x",}',
    "a comment": b'{"name": "x"} // y',
    "a control character": b'{"name": "x\n"}',
    "an unknown escape": b'{"name": "\\x"}',
    "half an escape": b'{"name": "\\u12"}',
    "half a surrogate pair": b'{"name": "\\ud800x"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "deep lists": b'{"x": ' + b"[" * _DEEP + b"]" * _DEEP + b"}",
    "deep objects": b'{"x": ' + b'{"x":' * _DEEP + b"1" + b"}" * _DEEP + b"}",
    "deep and cut off": b"[" * _DEEP,
    "a NUL character": b"\0",
    "a form": b"name=x&labels=y",
    "XML": b"<name>x</name>",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
}


@pytest.mark.parametrize("what", MALFORMED)
def test_no_route_takes_a_body_that_is_not_the_json_it_expects(world: Any, what: str) -> None:
    before = world.objects()
    for method, path in BODY_ROUTES:
        answer = world.send(f"{method} {_own(path)}?org={{slug}}&action=create", MALFORMED[what])
        # Strangers may send little.
        too_large = ROUTES[path][method].public and len(MALFORMED[what]) > 2**16
        assert answer.status == (413 if too_large else 400), (method, path, answer.body)
        assert answer.headers["Content-Type"] == "application/vnd.cvat+json"
    assert world.objects() == before


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/html",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "application/octet-stream",
        "application/xml",
        "application/jsonx",
        "json",
        "é",
    ],
)
def test_no_route_takes_json_that_is_said_to_be_something_else(world: Any, kind: str) -> None:
    before = world.objects()
    for method, path in BODY_ROUTES:
        headers = {"Content-Type": kind.encode("latin-1").decode("latin-1")}
        answer = world.send(f"{method} {_own(path)}", b'{"name": "x"}', headers=headers)
        assert answer.status == 415, (method, path, answer.status, answer.body)
        check_form(answer)
    assert world.objects() == before


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/vnd.cvat+json", "Application/JSON ; charset=utf-8", ""],
)
def test_json_may_be_named_in_several_ways(user: Any, kind: str) -> None:
    headers = {"Content-Type": kind}
    assert user("POST", "tasks", body=b'{"name": "x"}', headers=headers).status == 201


def test_no_route_takes_a_body_that_is_too_large(settings: Any, start: Callable[..., Any]) -> None:
    with start(dataclasses.replace(settings, max_json_bytes=10_000)) as hub:
        admin = hub.new_user(is_admin=True)
        for method, path in BODY_ROUTES:
            for body in (b" " * 70_000, iter([b" " * 6_000] * 12)):
                answer = admin(method, re.sub("{.*?}", "1", path), body=body)
                assert answer.status == 413, (method, path)
                check_form(answer)


def _own(path: str) -> str:
    """Put the names of the world's objects into a route's path."""
    for name in ("task", "job", "label", "project", "organization", "user", "token", "function"):
        path = path.replace(f"{{{name}_id:id}}", f"{{{name}}}")
    path = path.replace("{membership_id:id}", "{member}").replace("{key}", "{invitation}")
    return path.replace("{request_id}", "{request}").replace("{file_id}", "0" * 32)


@pytest.mark.parametrize("path", ROUTES)
def test_each_route_names_its_methods_and_refuses_others(world: Any, path: str) -> None:
    handlers = ROUTES[path]
    known = {*handlers, "OPTIONS"} | ({"HEAD"} if "GET" in handlers else set())
    before = world.objects()
    for method, ending in itertools.product(METHODS, ("", "/")):
        if method in known:
            continue
        answer = world.send(f"{method} {_own(path)}{ending}")
        assert answer.status == 405, (method, answer.body)
        assert answer.headers["Allow"] == ", ".join(sorted(known))
        if method != "HEAD":
            check_form(answer)
    assert world.send(f"OPTIONS {_own(path)}").headers["Allow"] == ", ".join(sorted(known))
    assert world.objects() == before


@pytest.mark.parametrize(
    "path",
    [
        "",
        "nothing",
        "tasks/{task}/nothing",
        "tasks//{task}",
        "/tasks",
        "Tasks",
        "tasks/{task}/annotations/1",
        "users/self/self",
        "auth",
        "auth/password",
        "server",
        "server/about/x",
        "../nothing",
        "%2e%2e/tasks",
        "tasks;x=1",
        "x" * 20_000,
    ],
    ids=lambda path: path[:40] or "empty",
)
def test_a_path_that_leads_nowhere_is_not_found(world: Any, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = world.send(f"{method} {world.client.address}/api/{path}")
        assert answer.status == 404, answer.body
        check_form(answer)


LISTS: Mapping[str, Any] = {
    "tasks": tasks.FIELDS,
    "jobs": jobs.FIELDS,
    "labels": labels.FIELDS,
    "projects": projects.FIELDS,
    "organizations": organizations.FIELDS,
    "memberships": memberships.FIELDS,
    "invitations": invitations.FIELDS,
    "users": users.FIELDS,
    "requests": requests.FIELDS,
}


def _logic(rule: Any) -> str:
    return "filter=" + quote(json.dumps(rule))


_RULE = {"==": [{"var": "{field}"}, 1]}
NARROWED: list[tuple[str, str, int]] = [
    ("page=0", "", 404),
    ("page=-1", "", 404),
    ("page=x", "", 404),
    ("page=1.5", "", 404),
    ("page=%20", "", 404),
    ("page=1000000", "", 404),
    ("page=" + "9" * 5000, "", 404),
    ("page=%D9%A3", "", 404),
    ("page=2&page_size=1000", "", 404),
    ("sort=nothing", "", 400),
    ("sort=--{field}", "", 400),
    ("sort=,", "", 400),
    ("sort={field},,", "", 400),
    ("sort=password_hash", "", 400),
    ("sort={field};DROP TABLE users", "", 400),
    ("sort=" + "x" * 10_000, "", 400),
    ("filter=x", "filter", 400),
    ("filter={", "filter", 400),
    ("filter=1", "filter", 400),
    ("filter=null", "filter", 400),
    ("filter=%22x%22", "filter", 400),
    ("filter=[]", "filter", 400),
    ("filter={}", "filter", 400),
    ("filter=NaN", "filter", 400),
    ("filter=" + "[" * 10_000, "filter", 400),
    ("filter=" + quote('{"!":' * 4000), "filter", 400),
    (_logic({"xor": []}), "filter", 400),
    (_logic({"==": []}), "filter", 400),
    (_logic({"==": [1, 1]}), "filter", 400),
    (_logic({"==": [{"var": "{field}"}]}), "filter", 400),
    (_logic({"==": [{"var": "{field}"}, {}]}), "filter", 400),
    (_logic({"==": [{"var": "{field}"}, []]}), "filter", 400),
    (_logic({"==": [{"var": "{field}"}, {"var": "{field}"}]}), "filter", 400),
    (_logic({"==": [{"var": "{field}"}, 1.5]}), "filter", 400),
    (_logic({"<": [{"var": "{field}"}, None]}), "filter", 400),
    (_logic({"<": [1, {"var": "{field}"}, 2, 3]}), "filter", 400),
    (_logic({"<=": [1, 2, 3]}), "filter", 400),
    (_logic({"in": ["x"]}), "filter", 400),
    (_logic({"in": [1, {"var": "{field}"}]}), "filter", 400),
    (_logic({"in": ["x", "xyz"]}), "filter", 400),
    (_logic({"in": [{"var": "{field}"}, [[]]]}), "filter", 400),
    (_logic({"in": ["x" * 1001, {"var": "{field}"}]}), "filter", 400),
    (_logic({"and": 1}), "filter", 400),
    (_logic({"and": [1]}), "filter", 400),
    (_logic({"!": []}), "filter", 400),
    (_logic({"!": [_RULE, _RULE]}), "filter", 400),
    (_logic({"==": [{"var": "x"}, 1], "!=": []}), "filter", 400),
    (_logic({"==": [{"var": "password_hash"}, "x"]}), "", 400),
    (_logic({"==": [{"var": None}, 1]}), "", 400),
    (_logic({"==": [{"var": ["{field}"]}, 1]}), "", 400),
    (_logic({"and": [_RULE] * 251}), "filter", 400),
    (_logic({"or": [{"or": [_RULE] * 130}] * 2}), "filter", 400),
    ("filter=" + quote('{"and":[' * 30 + "1" + "]}" * 30), "filter", 400),
    (
        "filter=" + quote(json.dumps({"in": [{"var": "{field}"}, [1] * 1001]})),
        "filter",
        400,
    ),
    ("search=" + "x" * 1001, "search", 400),
    ("search=" + "%25" * 10_000, "search", 400),
    ("search=a%00b", "", 400),
    ("org=nobody", "", 404),
    ("org=%00", "", 400),
    ("org={their_slug}", "", 404),
    ("org_id={their_organization}", "", 404),
    ("org_id=0", "", 404),
    ("org_id=-1", "", 404),
    ("org_id=x", "", 404),
    (f"org_id={HUGE}", "", 404),
    ("org_id=" + "9" * 5000, "", 404),
    ("org=a&org_id=1", "", 400),
]
_SEARCHED_NOT = {"requests"}


@pytest.mark.parametrize(
    ("query", "place", "status"), NARROWED, ids=[row[0][:50] for row in NARROWED]
)
def test_no_list_can_be_asked_for_nonsense(world: Any, query: str, place: str, status: int) -> None:
    for path, fields in LISTS.items():
        if query.startswith(("search=x", "search=%")) and path in _SEARCHED_NOT:
            continue
        field = next(name for name in ("id", "owner", "status") if name in fields.columns)
        asked = query.replace("{field}", field).replace("%7Bfield%7D", field)
        answer = world.send(f"GET {path}?{asked}")
        assert answer.status == status, (path, answer.status, answer.body)
        check_form(answer, place)


@pytest.mark.parametrize("path", LISTS)
def test_each_field_of_a_list_narrows_and_sorts_it(world: Any, path: str) -> None:
    for name, column in LISTS[path].columns.items():
        asked = [f"sort={name}", f"sort=-{name},{name}", _logic({"var": name})]
        asked += [
            _logic({"in": ["x", {"var": name}]}),
            _logic({"!": {"==": [{"var": name}, None]}}),
        ]
        if column.type.python_type is int:
            asked += [f"{name}={HUGE}", _logic({"<": [-HUGE, {"var": name}, HUGE]})]
        for query in asked:
            answer = world.send(f"GET {path}?{query}")
            assert answer.status == 200, (query, answer.body)
    for query in ("search=x", "page_size=all", "page_size=0", "page_size=x", "sort=,"[:5]):
        assert world.send(f"GET {path}?{query}").status == 200
    many = ",".join(itertools.islice(itertools.cycle(LISTS[path].columns), 5000))
    assert world.send(f"GET {path}?sort={many}").status == 200


OWN_PARAMETERS = [
    ("tasks?id=x", "id", 400),
    ("tasks?project_id=1.5", "project_id", 400),
    ("tasks?updated_date=yesterday", "updated_date", 400),
    ("tasks?updated_date=0001-01-01T00:00:00%2B10:00", "updated_date", 400),
    ("tasks?created_date=" + "9" * 500, "created_date", 400),
    ("jobs?task_id=x", "task_id", 400),
    ("jobs?task_id=", "task_id", 400),
    ("users?is_active=maybe", "is_active", 400),
    ("memberships?is_active=", "is_active", 400),
    ("invitations?accepted=2", "accepted", 400),
    ("labels?task_id=x", "task_id", 400),
    ("labels?task_id=-1", "task_id", 400),
    ("labels?task_id=%D9%A3", "task_id", 400),
    ("labels?task_id=", "task_id", 400),
    ("labels?job_id=1.5", "job_id", 400),
    ("labels?project_id=x", "project_id", 400),
    ("labels?task_id={task}&job_id={job}", "", 400),
    ("labels?task_id={their_task}", "", 404),
    ("labels?job_id={their_job}", "", 404),
    ("labels?project_id={their_project}", "", 404),
    (f"labels?task_id={NOBODY}", "", 404),
    (f"labels?task_id={HUGE}", "", 404),
    ("labels?task_id=0", "", 404),
    ("auth/access_tokens?page=0", "", 404),
    ("auth/access_tokens?page=2", "", 404),
    ("auth/access_tokens/self", "", 404),
    (
        "tasks?" + _logic({">": [{"var": "updated_date"}, "0001-01-01T00:00:00+10:00"]}),
        "filter",
        400,
    ),
    ("tasks?" + _logic({">": [{"var": "updated_date"}, 1]}), "filter", 400),
]


@pytest.mark.parametrize(
    ("path", "place", "status"), OWN_PARAMETERS, ids=[row[0][:50] for row in OWN_PARAMETERS]
)
def test_a_parameter_that_makes_no_sense_is_refused(
    world: Any, path: str, place: str, status: int
) -> None:
    answer = world.send(f"GET {path}")
    assert answer.status == status, answer.body
    check_form(answer, place)


def _basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


STRANGERS = [
    "Token",
    "Token ",
    "Token x",
    "Token  x y",
    "token é",
    "Token " + "x" * 50_000,
    "Bearer",
    "Bearer x",
    "Bearer .",
    "Bearer x.y.z",
    "Bearer é",
    "Basic",
    "Basic x",
    "Basic é",
    "Basic ====",
    "Basic YQ",
    _basic(b"no colon"),
    _basic(b":"),
    _basic(b"no password:"),
    _basic(b"nul:\0"),
    _basic(b"\0:x"),
    _basic(b"\xff:\xff"),
    _basic(b"x" * 20_000 + b":x"),
    "Digest username=admin",
    "Negotiate x",
    "x",
    ",",
]


@pytest.mark.parametrize("request_", ["GET users/self", "POST tasks"])
def test_an_authorization_that_is_none_is_refused(world: Any, request_: str) -> None:
    before = world.objects()
    stranger = dataclasses.replace(world, client=world.hub.client())
    sent = {"name": "x"} if "POST" in request_ else None
    for header in STRANGERS:
        answer = stranger.send(request_, sent, headers={"Authorization": header})
        assert answer.status == 401, (header, answer.body)
        assert answer.headers["WWW-Authenticate"] == "Token"
        check_form(answer)
    assert world.objects() == before


@pytest.fixture(scope="module")
def session(hub: Any) -> Mapping[str, str]:
    """The cookies of somebody who is logged in."""
    sent = {"username": hub.name_of(hub.new_user()), "password": PASSWORD}
    cookies = hub.client()("POST", "auth/login", sent).headers.getlist("Set-Cookie")
    pairs = (cookie.partition(";")[0].partition("=") for cookie in cookies)
    return {name: value for name, _, value in pairs}


PAGES = [
    ({}, 403),
    ({"X-CSRFToken": ""}, 403),
    ({"X-CSRFToken": "x"}, 403),
    ({"X-CSRFToken": "é"}, 403),
    ({"X-CSRFToken": "{csrf}x"}, 403),
    ({"X-CSRFToken": "{csrf}"[:3]}, 403),
    ({"X-CSRFToken": "{csrf}", "Origin": "http://evil.example"}, 403),
    ({"X-CSRFToken": "{csrf}", "Origin": "null"}, 403),
    ({"X-CSRFToken": "{csrf}", "Origin": "http://["}, 403),
    ({"X-CSRFToken": "{csrf}", "Origin": "http://{host}.evil.example"}, 403),
    ({"X-CSRFToken": "{csrf}", "Origin": "http://{host}@evil.example"}, 403),
    ({"X-CSRFToken": "{csrf}", "Origin": "é"}, 403),
    ({"X-CSRFToken": "{csrf}", "Cookie": "sessionid=x"}, 401),
    ({"X-CSRFToken": "{csrf}", "Cookie": "sessionid="}, 401),
    ({"X-CSRFToken": "{csrf}", "Cookie": "sessionid"}, 401),
    ({"X-CSRFToken": "{csrf}", "Cookie": "csrftoken={csrf}"}, 401),
    ({"X-CSRFToken": "{csrf}", "Cookie": "sessionid=é; ;;=;"}, 401),
    ({"X-CSRFToken": "{csrf}", "Authorization": "Token x"}, 401),
    ({"X-CSRFToken": "{csrf}", "Authorization": "Digest x"}, 401),
    ({"X-CSRFToken": "{csrf}", "X-Organization": "nobody"}, 404),
    ({"X-CSRFToken": "{csrf}", "X-Organization": "é"}, 404),
    ({"X-CSRFToken": "{csrf}", "X-Organization": "x" * 20_000}, 404),
]


@pytest.mark.parametrize(("own", "status"), PAGES)
def test_a_page_of_a_stranger_writes_nothing(
    world: Any, session: Mapping[str, str], own: dict[str, str], status: int
) -> None:
    before = world.objects()
    host = world.client.address.partition("://")[2]
    cookies = f"sessionid={session['sessionid']}; csrftoken={session['csrftoken']}"
    headers = {"Cookie": cookies} | {
        name: value.replace("{csrf}", session["csrftoken"]).replace("{host}", host)
        for name, value in own.items()
    }
    answer = world.hub.client()("POST", "tasks", {"name": "x"}, headers=headers)
    assert answer.status == status, answer.body
    check_form(answer)
    assert world.objects() == before


@pytest.mark.parametrize(
    "host",
    [
        "[",
        "[]",
        "[::1",
        "a b",
        "a/b",
        "a?b",
        "a#b",
        "a@b",
        "a:b",
        "a:80:80",
        "a:999999",
        "é",
        "<a>",
    ],
)
def test_a_host_that_is_none_is_refused(user: Any, host: str) -> None:
    answer = user("GET", "tasks", headers={"Host": host})
    assert answer.status == 400, answer.body
    check_form(answer)


@pytest.mark.parametrize("host", ["hub.example", "hub.example:8443", "[::1]:8080", "10.0.0.1"])
def test_links_lead_to_the_host_that_the_client_knows(user: Any, host: str) -> None:
    created = user("POST", "projects", {"name": "x"}, headers={"Host": host})
    assert created.headers["Location"].startswith(f"http://{host}/api/projects/")


@pytest.mark.parametrize("end", ["%0d%0aSet-Cookie:%20a=b", "%0aX:%20y", "%E5%98%8A%E5%98%8D"])
def test_no_header_can_be_slipped_into_a_reply(user: Any, end: str) -> None:
    for path in (f"tasks?name={end}&page_size=1", f"requests/{end}", f"invitations/{end}"):
        answer = user("GET", path)
        assert answer.status in (200, 404)
        assert "Set-Cookie" not in answer.headers
        assert "X" not in answer.headers


def test_the_second_of_two_writers_is_told_so(hub: Any, user: Any) -> None:
    """PostgreSQL lets both begin; that the name is taken shows when the first is done."""
    answers = []
    slug = f"both{user.user_id}"
    row = {"slug": slug, "name": slug, "description": "", "contact": {}, "owner_id": user.user_id}
    second = threading.Thread(
        target=lambda: answers.append(user("POST", "organizations", {"slug": slug}))
    )
    with hub.store.write() as connection:
        now = connection.scalar(select(tables.users.c.date_joined).limit(1))
        row |= {"created_date": now, "updated_date": now}
        connection.execute(tables.organizations.insert().values(row))
        second.start()
    second.join()
    assert answers[0].status in (400, 409), answers[0].body
    with hub.store.write() as connection:
        theirs = tables.organizations.c.slug == slug
        connection.execute(tables.organizations.delete().where(theirs))
