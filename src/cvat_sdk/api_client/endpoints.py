"""The server's endpoints as a table.

A row is all that a further endpoint takes. `required` names the arguments that have to be given, in
the order in which they may be given without their names; those that occur in braces go into the
path, `body` is sent as JSON, the rest are query parameters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cvat_sdk import models

_PAGED = ("page", "page_size", "sort", "search", "filter", "org", "org_id")
HEADERS = {
    "x_organization": "X-Organization",
    "prefer": "Prefer",
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
        return {*self.required, *self.query, *body, *HEADERS}

    def in_path(self, name: str) -> bool:
        return f"{{{name}}}" in self.path


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


def _act(path: str, reply: Any = None) -> Endpoint:
    return Endpoint("POST", path, reply, _ids(path))


def _ids(path: str) -> tuple[str, ...]:
    return tuple(re.findall(r"{(\w+)}", path))


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
        "create_logout": _act("/api/auth/logout", models.RestAuthDetail),
        "create_password_change": _create(
            "/api/auth/password/change", "password_change_request", models.RestAuthDetail
        ),
        "create_access_tokens": _create(
            "/api/auth/access_tokens", "access_token_write_request", models.AccessTokenRead
        ),
        "list_access_tokens": _list(
            "/api/auth/access_tokens", models.PaginatedAccessTokenReadList, "name", "read_only"
        ),
        "retrieve_access_tokens": _get("/api/auth/access_tokens/{id}", models.AccessTokenRead),
        "retrieve_access_tokens_self": _get("/api/auth/access_tokens/self", models.AccessTokenRead),
        "partial_update_access_tokens": _patch(
            "/api/auth/access_tokens/{id}",
            "patched_access_token_write_request",
            models.AccessTokenRead,
        ),
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
    "organizations": {
        "list": _list(
            "/api/organizations", models.PaginatedOrganizationReadList, "name", "owner", "slug"
        ),
        "create": _create(
            "/api/organizations", "organization_write_request", models.OrganizationRead
        ),
        "retrieve": _get("/api/organizations/{id}", models.OrganizationRead),
        "partial_update": _patch(
            "/api/organizations/{id}", "patched_organization_write_request", models.OrganizationRead
        ),
        "destroy": _destroy("/api/organizations/{id}"),
    },
    "memberships": {
        "list": _list("/api/memberships", models.PaginatedMembershipReadList, "role", "user"),
        "retrieve": _get("/api/memberships/{id}", models.MembershipRead),
        "partial_update": _patch(
            "/api/memberships/{id}", "patched_membership_write_request", models.MembershipRead
        ),
        "destroy": _destroy("/api/memberships/{id}"),
    },
    "invitations": {
        "list": _list(
            "/api/invitations",
            models.PaginatedInvitationReadList,
            *("accepted", "owner", "user_id"),
        ),
        "create": _create(
            "/api/invitations",
            "invitation_write_request",
            models.InvitationRead,
            query=("org", "org_id"),
        ),
        "retrieve": _get("/api/invitations/{key}", models.InvitationRead),
        "accept": _act("/api/invitations/{key}/accept", models.AcceptInvitationRead),
        "decline": _act("/api/invitations/{key}/decline"),
        "resend": _act("/api/invitations/{key}/resend"),
        "destroy": _destroy("/api/invitations/{key}"),
    },
    "requests": {
        "list": _list(
            "/api/requests",
            models.PaginatedRequestList,
            *("action", "format", "job_id", "project_id"),
            *("status", "subresource", "target", "task_id"),
        ),
        "retrieve": _get("/api/requests/{id}", models.Request),
        "create_cancel": _act("/api/requests/{id}/cancel"),
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
    "projects": {
        "list": _list(
            "/api/projects",
            models.PaginatedProjectReadList,
            *("assignee", "name", "owner", "status"),
        ),
        "create": _create(
            "/api/projects", "project_write_request", models.ProjectRead, query=("org", "org_id")
        ),
        "retrieve": _get("/api/projects/{id}", models.ProjectRead),
        "partial_update": _patch(
            "/api/projects/{id}", "patched_project_write_request", models.ProjectRead
        ),
        "destroy": _destroy("/api/projects/{id}"),
        "retrieve_preview": _get("/api/projects/{id}/preview"),
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
    "functions": {
        "list": _list("/api/functions", models.PaginatedFunctionList),
        "create": _create("/api/functions", "function_request", models.Function),
        "retrieve": _get("/api/functions/{id}", models.Function),
        "destroy": _destroy("/api/functions/{id}"),
        "create_run": Endpoint(
            "POST", "/api/functions/{id}/run", dict[str, Any], ("id",), "ar_params_request"
        ),
        "create_requests": _create(
            "/api/functions/requests/",
            "function_id_and_ar_params_request",
            models.AnnotationRequest,
        ),
        "retrieve_requests": _get("/api/functions/requests/{id}", models.AnnotationRequest),
        "destroy_requests": _destroy("/api/functions/requests/{id}"),
    },
}
