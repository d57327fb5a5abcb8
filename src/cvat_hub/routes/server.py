"""What the hub tells about itself."""

from __future__ import annotations

from cvat_hub import HUB_VERSION
from cvat_hub.call import Call, Handler
from cvat_hub.replies import Reply, json_reply
from cvat_hub.store.named_writes import KEPT
from cvat_sdk import models
from cvat_sdk.version import VERSION


def about(call: Call) -> Reply:
    """Tell name and version; `version` is that of the protocol."""
    return json_reply(
        models.About(
            name="CVAT Hub",
            description="Auto-annotation for image and video datasets, in the CVAT ecosystem.",
            version=VERSION,
            logo_url="",
            subtitle="A home for tasks and annotations",
            hub_version=HUB_VERSION,
            idempotency_days=KEPT.days,
        )
    )


ROUTES = {"server/about": {"GET": Handler(about, public=True, gives=models.About)}}
