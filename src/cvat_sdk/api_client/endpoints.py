"""The server's endpoints as a table, and the one caller that serves them all.

A row is all that a further endpoint takes. `required` names the arguments that have to be given, in
the order in which they may be given without their names; those that occur in braces go into the
path, `body` is sent as JSON, the rest are query parameters.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cvat_sdk import models
from cvat_sdk.exceptions import ApiTypeError

if TYPE_CHECKING:
    from cvat_sdk.api_client.api_client import ApiClient
    from cvat_sdk.core.transport import Response

_PAGED = ("page", "page_size", "sort", "search", "filter", "org", "org_id")
_HEADERS = {
    "x_organization": "X-Organization",
    "upload_start": "Upload-Start",
    "upload_multiple": "Upload-Multiple",
    "upload_finish": "Upload-Finish",
}


@dataclass(frozen=True)
class Endpoint:
    """How one operation looks on the wire."""

    method: str
    path: str
    reply: Any = None
    required: tuple[str, ...] = ()
    body: str | None = None
    query: tuple[str, ...] = ()

    @property
    def arguments(self) -> set[str]:
        body = (self.body,) if self.body else ()
        return {*self.required, *self.query, *body, *_HEADERS}

    def in_path(self, name: str) -> bool:
        return f"{{{name}}}" in self.path


class Operation:
    """One endpoint, ready to be called on one server."""

    def __init__(self, api_client: ApiClient, name: str, endpoint: Endpoint) -> None:
        self.api_client = api_client
        self.name = name
        self.endpoint = endpoint

    def __repr__(self) -> str:
        return f"<{self.name}: {self.endpoint.method} {self.endpoint.path}>"

    def __call__(
        self,
        *args: Any,
        _parse_response: bool = True,
        _check_status: bool = True,
        _request_timeout: float | tuple[float, float] | None = None,
        **kwargs: Any,
    ) -> tuple[Any, Response]:
        """Call the endpoint.

        Args:
            _parse_response: False leaves the body of the answer on the wire, to be read from the
                second item of the result; the first is None then.
            _check_status: False returns the server's errors like any other answer.
            _request_timeout: seconds of silence to bear, instead of the client's own limit.

        Returns:
            The record that the server answered, and the answer itself.

        Raises:
            ApiTypeError: an argument is missing or unknown.
            ApiException: the server answered with an error.
            TransportError: no answer came.
        """
        given = self._gather(args, kwargs)
        endpoint = self.endpoint
        result: tuple[Any, Response] = self.api_client.call_api(
            endpoint.path,
            endpoint.method,
            path_params={k: v for k, v in given.items() if endpoint.in_path(k)},
            query_params=self._query(given),
            header_params={_HEADERS[k]: str(v) for k, v in given.items() if k in _HEADERS},
            body=given.get(endpoint.body) if endpoint.body else None,
            response_schema=endpoint.reply,
            _parse_response=_parse_response,
            _check_status=_check_status,
            _request_timeout=_request_timeout,
        )
        return result

    def call_with_http_info(self, *args: Any, **kwargs: Any) -> tuple[Any, Response]:
        """The same as a call."""
        return self(*args, **kwargs)

    def _gather(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        required = self.endpoint.required
        if len(args) > len(required):
            raise ApiTypeError(
                f"{self.name}() takes {len(required)} arguments without names, "
                f"{len(args)} were given"
            )
        given = dict(zip(required, args, strict=False))
        for name, value in kwargs.items():
            if name in given:
                raise ApiTypeError(f"{self.name}() was given {name!r} twice")
            if name not in self.endpoint.arguments:
                raise ApiTypeError(self._unknown(name))
            given[name] = value
        if missing := [name for name in required if name not in given]:
            raise ApiTypeError(f"{self.name}() lacks {', '.join(map(repr, missing))}")
        return given

    def _query(self, given: Mapping[str, Any]) -> list[tuple[str, Any]]:
        names = self.endpoint.arguments - set(_HEADERS) - {self.endpoint.body}
        return [(k, v) for k, v in given.items() if k in names and not self.endpoint.in_path(k)]

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.endpoint.arguments, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{self.name}() has no argument {name!r}{hint}"


class Api:
    """The operations on one kind of object: `tasks_api.retrieve(5)`, `tasks_api.list_endpoint`."""

    def __init__(self, api_client: ApiClient, group: str) -> None:
        self.api_client = api_client
        self._group = group

    def __getattr__(self, name: str) -> Operation:
        operation = name.removesuffix("_endpoint")
        endpoint = ENDPOINTS[self._group].get(operation)
        if endpoint is None:
            raise AttributeError(
                f"{self._group}_api has no operation {operation!r}; any other endpoint can be "
                "reached with api_client.call_api(path, method)"
            )
        return Operation(self.api_client, operation, endpoint)

    def __dir__(self) -> list[str]:
        names = ENDPOINTS[self._group]
        return [*super().__dir__(), *names, *(f"{name}_endpoint" for name in names)]


def _get(path: str, reply: Any = None, *, query: tuple[str, ...] = ()) -> Endpoint:
    return Endpoint("GET", path, reply, _ids(path), query=query)


def _list(path: str, reply: Any, *query: str) -> Endpoint:
    return Endpoint("GET", path, reply, query=_PAGED + query)


def _destroy(path: str) -> Endpoint:
    return Endpoint("DELETE", path, None, _ids(path))


def _create(path: str, body: str, reply: Any, *, query: tuple[str, ...] = ()) -> Endpoint:
    return Endpoint("POST", path, reply, (body,), body, query)


def _patch(path: str, body: str, reply: Any) -> Endpoint:
    return Endpoint("PATCH", path, reply, _ids(path), body)


def _ids(path: str) -> tuple[str, ...]:
    return ("id",) if "{id}" in path else ()


def _annotations(path: str) -> dict[str, Endpoint]:
    reply, wanted = models.LabeledData, ("action", "id")
    return {
        "retrieve_annotations": _get(path, reply),
        "update_annotations": Endpoint("PUT", path, None, ("id",), "labeled_data_request"),
        "partial_update_annotations": Endpoint(
            "PATCH", path, reply, wanted, "patched_labeled_data_request"
        ),
        "destroy_annotations": _destroy(path),
    }


ENDPOINTS: dict[str, dict[str, Endpoint]] = {
    "auth": {
        "create_login": _create("/api/auth/login", "login_serializer_ex_request", models.Token),
        "create_logout": Endpoint("POST", "/api/auth/logout", dict[str, Any]),
        "create_access_tokens": _create(
            "/api/auth/access_tokens", "access_token_write_request", models.AccessTokenRead
        ),
        "list_access_tokens": _list(
            "/api/auth/access_tokens", models.PaginatedAccessTokenReadList, "name", "read_only"
        ),
        "retrieve_access_tokens": _get("/api/auth/access_tokens/{id}", models.AccessTokenRead),
        "retrieve_access_tokens_self": _get("/api/auth/access_tokens/self", models.AccessTokenRead),
        "destroy_access_tokens": _destroy("/api/auth/access_tokens/{id}"),
    },
    "server": {
        "retrieve_about": _get("/api/server/about", models.About),
        "retrieve_annotation_formats": _get("/api/server/annotation/formats", dict[str, Any]),
        "retrieve_plugins": _get("/api/server/plugins", dict[str, Any]),
    },
    "users": {
        "list": _list(
            "/api/users",
            models.PaginatedMetaUserList,
            *("first_name", "is_active", "last_name", "username"),
        ),
        "retrieve": _get("/api/users/{id}", models.User, query=("org", "org_id")),
        "retrieve_self": _get("/api/users/self", models.User),
        "partial_update": _patch("/api/users/{id}", "patched_user_request", models.User),
        "destroy": _destroy("/api/users/{id}"),
    },
    "requests": {
        "list": _list(
            "/api/requests",
            models.PaginatedRequestList,
            *("action", "format", "job_id", "project_id"),
            *("status", "subresource", "target", "task_id"),
        ),
        "retrieve": _get("/api/requests/{id}", models.Request),
        "create_cancel": Endpoint("POST", "/api/requests/{id}/cancel", None, ("id",)),
    },
    "labels": {
        "list": _list(
            "/api/labels",
            models.PaginatedLabelList,
            *("color", "job_id", "name", "parent", "parent_id", "project_id", "task_id", "type"),
        ),
        "retrieve": _get("/api/labels/{id}", models.Label),
        "partial_update": _patch("/api/labels/{id}", "patched_label_request", models.Label),
        "destroy": _destroy("/api/labels/{id}"),
    },
    "tasks": {
        "list": _list(
            "/api/tasks",
            models.PaginatedTaskReadList,
            *("assignee", "dimension", "media_type", "mode", "name", "owner", "project_id"),
            *("project_name", "status", "subset", "tracker_link", "validation_mode"),
        ),
        "create": _create(
            "/api/tasks", "task_write_request", models.TaskRead, query=("org", "org_id")
        ),
        "retrieve": _get("/api/tasks/{id}", models.TaskRead),
        "partial_update": _patch("/api/tasks/{id}", "patched_task_write_request", models.TaskRead),
        "destroy": _destroy("/api/tasks/{id}"),
        "retrieve_status": _get("/api/tasks/{id}/status", models.RqStatus),
        "create_data": Endpoint(
            "POST", "/api/tasks/{id}/data/", dict[str, Any], ("id",), "data_request"
        ),
        "retrieve_data": Endpoint(
            "GET", "/api/tasks/{id}/data/", None, ("id", "type"), query=("number", "quality")
        ),
        "retrieve_data_meta": _get("/api/tasks/{id}/data/meta", models.DataMetaRead),
        "partial_update_data_meta": _patch(
            "/api/tasks/{id}/data/meta", "patched_data_meta_write_request", models.DataMetaRead
        ),
        "retrieve_preview": _get("/api/tasks/{id}/preview"),
        **_annotations("/api/tasks/{id}/annotations/"),
    },
    "jobs": {
        "list": _list(
            "/api/jobs",
            models.PaginatedJobReadList,
            *("assignee", "dimension", "media_type", "mode", "parent_job_id", "project_id"),
            *("project_name", "stage", "state", "task_id", "task_name", "type"),
        ),
        "create": _create("/api/jobs", "job_write_request", models.JobRead),
        "retrieve": _get("/api/jobs/{id}", models.JobRead),
        "partial_update": _patch("/api/jobs/{id}", "patched_job_write_request", models.JobRead),
        "destroy": _destroy("/api/jobs/{id}"),
        "retrieve_data": Endpoint(
            "GET", "/api/jobs/{id}/data", None, ("id", "type"), query=("index", "number", "quality")
        ),
        "retrieve_data_meta": _get("/api/jobs/{id}/data/meta", models.DataMetaRead),
        "partial_update_data_meta": _patch(
            "/api/jobs/{id}/data/meta", "patched_job_data_meta_write_request", models.DataMetaRead
        ),
        "retrieve_preview": _get("/api/jobs/{id}/preview"),
        **_annotations("/api/jobs/{id}/annotations/"),
    },
}
