"""Organizations: people who share tasks and projects."""

from __future__ import annotations

from cvat_sdk.core.proxies.model_proxy import ModelCreateMixin, ModelDeleteMixin, ModelUpdateMixin


class Organization(ModelUpdateMixin, ModelDeleteMixin):
    """An organization. Its members are rows of `client.api_client.memberships_api`."""

    api_name = "organizations_api"
    patch_argument = "patched_organization_write_request"


class OrganizationsRepo(ModelCreateMixin[Organization]):
    """All organizations on a server that this user belongs to."""

    entity_type = Organization
