"""From what a client sends to a request for the queue."""

from __future__ import annotations

from functools import partial

from msgspec import UNSET

from cvat_hub.errors import Unavailable
from cvat_hub.hub import Hub
from cvat_hub.replies import Reply
from cvat_hub.store.functions import Function
from cvat_hub.store.users import User

from . import params, tracking
from .conversations import Answer, Following
from .params import Target
from .queue import Wanted
from .waiting import Later
from .wire import Params


def answer(hub: Hub, user: User, function: Function, asked: Params) -> Reply:
    """Return the reply to an interactive call, which waits for its answer.

    Raises:
        Unavailable: no agent serves the function at this time.
    """
    wanted = wanted_of(hub, user, function, asked, batch=False)
    check_served(hub, function)
    box = hub.queue.bells.mailbox()
    if wanted.type != "track":
        return Later(hub.desk, box, Answer(hub.queue, box, wanted))
    with hub.store.read() as connection:
        names, where = wanted.params["states"], (function.id, user.id, wanted.task_id)
        states = tracking.find(connection, names, *where)
    following = Following(hub.queue, hub.presence, box, wanted, states)
    return Later(hub.desk, box, following)


def wanted_of(hub: Hub, user: User, function: Function, asked: Params, *, batch: bool) -> Wanted:
    """Return the request that a client asks for.

    Raises:
        BadRequest: a parameter is missing or makes no sense.
        NotFound, Forbidden: the user may not read the task, or write what a batch request finds.
    """
    kind = params.type_of(function, asked, batch=batch)
    task_id = None if asked.task is UNSET else asked.task
    home = hub.queue.home
    with hub.store.read() as connection:
        place = home.place(connection, user.id, task_id, asked.job, writes=batch)
        known = home.labels(connection, place.task_id)
        sizes_wh = partial(home.sizes_wh, connection, place.task_id)
        given = params.for_agent(kind, function, asked, Target(place, known, sizes_wh))
    return Wanted(function.id, kind, user.id, place.task_id, place.job_id, given)


def check_served(hub: Hub, function: Function) -> None:
    """Refuse what nobody would answer.

    Raises:
        Unavailable: no agent serves the function at this time.
    """
    with hub.store.read() as connection:
        served = hub.presence.is_served(connection, function.id, hub.clock())
    if not served:
        raise Unavailable(
            f"No agent serves the function {function.name!r} at this time;"
            " ask its owner to start one."
        )
