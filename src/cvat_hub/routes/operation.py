"""What those who run a hub ask it."""

from __future__ import annotations

import datetime
import hmac

from sqlalchemy import Connection

from cvat_hub import identity
from cvat_hub.call import Call, Handler, Lane
from cvat_hub.errors import Forbidden
from cvat_hub.operation.metrics import CONTENT_TYPE
from cvat_hub.replies import Reply
from cvat_hub.store import function_requests, requests

_LATE = datetime.timedelta(hours=1)


def show_metrics(call: Call) -> Reply:
    """Show the figures to Prometheus, which knows a token made for it, and to admins."""
    if not _knows_the_token(call) and not identity.identify(call.hub, call.request).user.is_admin:
        raise Forbidden
    with call.hub.store.read() as connection:
        counts = requests.counts(connection)
        _note_functions(call, connection)
    return Reply(call.hub.metrics.text(counts), headers={"Content-Type": CONTENT_TYPE})


def _note_functions(call: Call, connection: Connection) -> None:
    now = call.hub.clock()
    since = function_requests.waiting_since(connection)
    call.hub.metrics.of_functions(
        call.hub.presence.count_alive(connection, now),
        function_requests.counts(connection, now - _LATE),
        {category: (now - date).total_seconds() for category, date in since.items()},
    )


def _knows_the_token(call: Call) -> bool:
    wanted = call.hub.settings.metrics_token
    shown = identity.bearer(call.request)
    return bool(wanted) and hmac.compare_digest(shown.encode(), wanted.encode())


ROUTES = {"/metrics": {"GET": Handler(show_metrics, Lane.PASSWORD, public=True)}}
