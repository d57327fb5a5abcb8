"""Where a request works: in an organization, in the personal space, or everywhere.

It is said by the header `X-Organization`, or by `org` or `org_id` behind the question mark. An
empty name is the personal space; nothing said means everywhere for what is read, and the personal
space for what is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, true

from cvat_hub.errors import BadRequest, NotFound
from cvat_hub.store import organizations
from cvat_hub.store.organizations import Organization
from cvat_hub.store.users import User

from . import access
from .access import Right

HEADER = "X-Organization"


@dataclass(frozen=True)
class Space:
    """An organization, or the personal space; neither is everywhere."""

    organization: Organization | None = None
    is_personal: bool = False

    @property
    def organization_id(self) -> int | None:
        """The organization of what is made here."""
        return self.organization.id if self.organization else None

    def holds(self, organization_id: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that an object with this organization is here."""
        if self.organization:
            return organization_id == self.organization.id
        return organization_id.is_(None) if self.is_personal else true()


EVERYWHERE = Space()


def named(headers: Mapping[str, str], query: Mapping[str, str]) -> Mapping[str, str]:
    """Return how a request names its space: a `slug`, an `id`, or nothing.

    >>> named({}, {"org_id": "5"})
    {'id': '5'}

    Raises:
        BadRequest: it names two.
    """
    slugs = {source[name] for source, name in ((headers, HEADER), (query, "org")) if name in source}
    ids = {query["org_id"]} - {""} if "org_id" in query else set()
    if len(slugs) + len(ids) > 1:
        raise BadRequest(f"{HEADER}, org and org_id: expected one organization")
    if ids:
        return {"id": ids.pop()}
    return {"slug": slugs.pop()} if slugs else {}


def find(connection: Connection, user: User, name: Mapping[str, str]) -> Space:
    """Return the space of this name.

    Raises:
        NotFound: there is no such organization, or the user is not in it.
    """
    if not name:
        return EVERYWHERE
    if name.get("slug") == "":
        return Space(is_personal=True)
    if "slug" in name:
        found = organizations.by_slug(connection, name["slug"])
    else:
        number = int(name["id"]) if re.fullmatch("[0-9]{1,20}", name["id"]) else 0
        found = organizations.get(connection, number) if access.is_id(number) else None
    if found is None:
        raise NotFound("No Organization matches the given query.")
    access.decide_in_organization(connection, user, found, Right.VIEW)
    return Space(found)
