"""The annotations of one task on a server, as a run writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from cvat_sdk.exceptions import (
    ApiException,
    ServiceException,
    TransportError,
    UndecidedUploadError,
)
from cvat_sdk.models import LabeledData

from .ids import Ids
from .readback import UndecidedError, taken
from .state import KINDS, IdsByKind

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client
    from cvat_sdk.core.proxies.tasks import Task

_KEY = "X-Idempotency-Key"
# RFC 7240, 4.2; servers that don't know it tell more than is needed.
_IDS_ONLY = {"Prefer": "return=minimal"}
_SERVER_BEHIND_LOST = (502, 504)
# A server that took a request, and lost the client, may still be at it: when to look.
_LOOK_AFTER_S = (0.0, 0.5, 2.0, 5.0)
_REMOVED_AT_ONCE = 10_000


class _Named(msgspec.Struct, gc=False):
    id: int


class _Made(msgspec.Struct):
    tags: list[_Named] = []
    shapes: list[_Named] = []
    tracks: list[_Named] = []


_decode_made = msgspec.json.Decoder(_Made).decode


@dataclass
class ServerTask:
    """A task whose annotations are written exactly once.

    Attributes:
        remembers_keys: whether the server carries out a request once, however often it comes.
    """

    task: Task
    client: Client
    remembers_keys: bool

    def __post_init__(self) -> None:
        self._path = f"/api/tasks/{self.task.id}/annotations/"
        self._misses_scores = False

    @property
    def parallel_requests(self) -> int:
        """How many requests may be on their way: after a lost answer, only one may be in doubt."""
        return 2 if self.remembers_keys else 1

    def annotations(self) -> LabeledData:
        """Return all annotations."""
        return self.task.get_annotations()

    def ids(self) -> IdsByKind:
        """Return the ids of all annotations, without taking the annotations apart."""
        _, response = self.client.api_client.call_api(self._path, "GET")
        return _ids(response.data)

    def create(
        self, body: bytes, key: str, known: Callable[[], list[Mapping[str, Ids]]], *, again: bool
    ) -> IdsByKind:
        """Add annotations, once, and return their ids.

        Args:
            body: the JSON of the request.
            key: the name of this write; no other has it.
            known: returns the ids of all that was there, or came from this run.
            again: an earlier process may have sent it.

        Raises:
            UndecidedUploadError: it cannot be told whether the server has taken it.
            ApiException: the server refuses.
            TransportError: the server cannot be reached.
        """
        if self.remembers_keys:
            return self._send(body, key)
        if again and (ids := self._found_after_all(body, known)):
            return ids
        try:
            return self._send(body, key)
        except (TransportError, ServiceException) as error:
            if isinstance(error, ServiceException) and error.status not in _SERVER_BEHIND_LOST:
                raise
            if ids := self._found_after_all(body, known):
                return ids
            raise

    def remove(self, is_wanted: Callable[[str, Any], bool]) -> None:
        """Remove annotations that are there, and nothing that comes meanwhile.

        Args:
            is_wanted: tells it of a kind and an annotation.
        """
        from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction, to_remove

        there = self.annotations()
        chosen = [
            (kind, item)
            for kind in KINDS
            for item in there.get(kind) or ()
            if is_wanted(kind, item)
        ]
        for start in range(0, len(chosen), _REMOVED_AT_ONCE):
            part = chosen[start : start + _REMOVED_AT_ONCE]
            request = {kind: [to_remove(item) for of, item in part if of == kind] for kind in KINDS}
            self.task.update_annotations(request, action=AnnotationUpdateAction.DELETE)

    def _send(self, body: bytes, key: str) -> IdsByKind:
        from cvat_sdk.api_client.rest import raise_for_status
        from cvat_sdk.api_client.wire import ACCEPTED_TYPE, JSON_TYPE

        api = self.client.api_client
        url = api.make_url(self._path, query={"action": "create"})
        headers = {"Accept": ACCEPTED_TYPE, "Content-Type": JSON_TYPE, _KEY: key, **_IDS_ONLY}
        response = api.send(
            "PATCH", url, headers=headers, body=body, repeatable=self.remembers_keys
        )
        raise_for_status(response)
        self._note_scores(body, response.data)
        return _ids(response.data)

    def _note_scores(self, body: bytes, reply: bytes) -> None:
        """Tell once that a server has no field for scores: it leaves them out."""
        if self._misses_scores or b'"score":' not in body or b'"points"' not in reply:
            return
        if b'"score"' not in reply:
            self._misses_scores = True
            self.client.logger.warning("this server keeps no scores of shapes: they are left out")

    def _look(self, body: bytes, known: Callable[[], list[Mapping[str, Ids]]]) -> IdsByKind | None:
        try:
            return taken(body, self.annotations(), known())
        except UndecidedError as error:
            raise UndecidedUploadError(
                f"task {self.task.id}: the answer to a request was lost, and what the server has"
                f" now doesn't tell whether it took the request: {error}. Look at the task, remove"
                " what this run has added, and begin anew without resume"
            ) from None

    def _found_after_all(
        self, body: bytes, known: Callable[[], list[Mapping[str, Ids]]]
    ) -> IdsByKind | None:
        for seconds in _LOOK_AFTER_S:
            self.client.api_client.transport.sleep(seconds)
            if ids := self._look(body, known):
                return ids
        return None


def _ids(reply: bytes) -> IdsByKind:
    try:
        made = _decode_made(reply)
    except msgspec.MsgspecError as error:
        raise ApiException(reason=f"the server's answer is not understood: {error}") from error
    return {kind: Ids(one.id for one in getattr(made, kind)) for kind in KINDS}


def remembers_keys(client: Client) -> bool:
    """Ask whether the server carries out a request once, however often it comes."""
    try:
        about, _ = client.api_client.server_api.retrieve_about()
    except ApiException:
        return False
    return bool(about.get("idempotency_days"))
