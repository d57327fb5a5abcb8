"""Organizations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from cvat_hub import records
from cvat_hub.call import Call, Handler
from cvat_hub.errors import at
from cvat_hub.filters import Fields
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.rights.visibility import visible_organizations
from cvat_hub.store import organizations
from cvat_hub.store.tables import organizations as rows
from cvat_hub.store.users import name_of
from cvat_sdk import models

_DESCRIBING = ("slug", "name", "description", "contact")
FIELDS = Fields(
    {
        "id": rows.c.id,
        "slug": rows.c.slug,
        "name": rows.c.name,
        "owner": name_of(rows.c.owner_id),
    },
    key=rows.c.id,
    searched=("name", "owner", "slug"),
)


def list_all(call: Call) -> Reply:
    """List the organizations that the user is in."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.OrganizationRead]:
            listed = [organizations.Organization(**row._mapping) for row in page_rows]
            return records.of_organizations(call, connection, listed)

        query = select(rows).where(visible_organizations(call.user))
        return page(call, connection, FIELDS.apply(query, call.query), found)


def create(call: Call, asked: models.OrganizationWriteRequest) -> Reply:
    """Create an organization; who creates it owns it."""
    values = {
        "slug": asked.slug,
        "name": asked.get("name", asked.slug),
        "description": asked.get("description", ""),
        "contact": asked.get("contact", {}),
    }
    with call.hub.store.write() as connection:
        _check_slug(connection, asked.slug)
        organization_id = organizations.add(connection, call.user.id, values, call.hub.clock())
        record = _record(call, connection, organization_id)
    return json_reply(record, 201, {"Location": call.link(f"organizations/{organization_id}")})


def show(call: Call) -> Reply:
    """Show an organization."""
    with call.hub.store.read() as connection:
        found = _find(call, connection, Right.VIEW)
        return json_reply(records.of_organizations(call, connection, [found])[0])


def change(call: Call, asked: models.PatchedOrganizationWriteRequest) -> Reply:
    """Change what describes an organization."""
    values = {name: asked[name] for name in _DESCRIBING if name in asked}
    with call.hub.store.write() as connection:
        found = _find(call, connection, Right.CHANGE)
        if asked.get("slug", found.slug) != found.slug:
            _check_slug(connection, asked.slug)
        organizations.change(connection, found.id, values, call.hub.clock())
        return json_reply(_record(call, connection, found.id))


def delete(call: Call) -> Reply:
    """Delete an organization; its projects and tasks become personal ones of their owners."""
    with call.hub.store.write() as connection:
        organizations.remove(connection, _find(call, connection, Right.DELETE).id)
    return empty()


def _find(call: Call, connection: Connection, right: Right) -> organizations.Organization:
    return access.organization(connection, call.user, call.number("organization_id"), right)


def _record(call: Call, connection: Connection, organization_id: int) -> models.OrganizationRead:
    found = organizations.get(connection, organization_id)
    assert found is not None
    return records.of_organizations(call, connection, [found])[0]


def _check_slug(connection: Connection, slug: str) -> None:
    if organizations.by_slug(connection, slug):
        raise at(["slug"], "organization with this slug already exists.")


ROUTES = {
    "organizations": {
        "GET": Handler(
            list_all, gives=models.PaginatedOrganizationReadList, query=parameters(FIELDS)
        ),
        "POST": Handler(create, gives=models.OrganizationRead, status=201),
    },
    "organizations/{organization_id:id}": {
        "GET": Handler(show, gives=models.OrganizationRead),
        "PATCH": Handler(change, gives=models.OrganizationRead),
        "DELETE": Handler(delete, status=204),
    },
}
