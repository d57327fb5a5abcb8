"""The queue of a function on the server: what an agent and the server say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cvat_agent.machine import Acquired, AcquireFailed, Assignment, Category
from cvat_agent.spool import Spool
from cvat_sdk.api_client.rest import raise_for_status
from cvat_sdk.api_client.wire import JSON_TYPE, decode
from cvat_sdk.core.retries import parse_retry_after
from cvat_sdk.exceptions import ApiException, CvatSdkException, TransportError

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client
    from cvat_sdk.core.transport import Response

# What agents of ours can do beyond the five types that all servers know.
CAPABILITIES = ("track_task",)
_LONGEST_REASON = 4096
# The request is somebody else's, or nobody's, by now.
_GONE = (404, 409)
_TRANSIENT = (408, 425, 429)
_UNAVAILABLE = (502, 503, 504)
_ATTEMPTS = 3


class RequestGoneError(CvatSdkException):
    """The server says that a request is no longer this agent's."""


@dataclass
class FunctionQueue:
    """The requests for one function, as one agent sees them.

    Args:
        agent_id: by it the server tells agents apart.
        is_hub: whether the server is a CVAT Hub, which can do more.
    """

    client: Client
    function_id: int
    agent_id: str
    is_hub: bool = False

    @property
    def _path(self) -> str:
        return f"/api/functions/queues/function%3A{self.function_id}"

    def acquire(self, category: Category) -> Acquired | AcquireFailed:
        """Ask for a request."""
        body: dict[str, Any] = {"request_category": category.value}
        if self.is_hub:
            body["capabilities"] = CAPABILITIES
        try:
            reply = decode(self._post("requests/acquire", body).data, dict[str, Any])
            given = reply.get("ar_assignment")
            assignment = given and Assignment(str(given["ar_id"]), dict(given["ar_params"]))
        except TransportError:
            return AcquireFailed(category)
        except ApiException as error:
            return _failed(category, error)
        except (KeyError, TypeError, ValueError) as error:
            broken = ApiException(reason=f"the server's assignment is not understood: {error!r}")
            return AcquireFailed(category, fatal=broken)
        return Acquired(category, assignment or None)

    def update(self, request_id: str, progress: float) -> None:
        """Tell how far a request is, from 0 to 1.

        Raises:
            RequestGoneError: it is no longer ours.
            ApiException, TransportError: the server was not told.
        """
        self._about(request_id, "update", {"progress": min(1.0, max(0.0, progress))})

    def complete(self, request_id: str, result: Mapping[str, Any] | Spool) -> None:
        """Hand in the result of a request.

        Raises:
            RequestGoneError: it is no longer ours.
            ApiException: the server refuses the result.
            TransportError: the server was not told, or its answer was lost.
        """
        self._about(request_id, "complete", result)

    def fail(self, request_id: str, reason: str) -> None:
        """Say that a request cannot be fulfilled, and why.

        Raises:
            RequestGoneError: it is no longer ours.
            ApiException, TransportError: the server was not told.
        """
        self._about(request_id, "fail", {"exc_info": reason[:_LONGEST_REASON]})

    def hand_back(self, request_id: str) -> None:
        """Let another agent have a request; servers that know no such thing are told it failed.

        Raises:
            RequestGoneError: it is no longer ours.
            ApiException, TransportError: the server was not told.
        """
        if not self.is_hub:
            self.fail(request_id, "The agent was stopped before the request was done.")
            return
        path = f"/api/hub/functions/queues/function%3A{self.function_id}"
        with suppress(ApiException):
            self._post(f"requests/{request_id}/release", {}, path)

    def watch(self, silence_s: float) -> Response:
        """Return the stream of events, open. A hub learns whose it is, and so who is there.

        Args:
            silence_s: for so long the server may say nothing.

        Raises:
            ApiException, TransportError: there is no stream.
        """
        api = self.client.api_client
        query = {"agent_id": self.agent_id} if self.is_hub else None
        response = api.send(
            "GET",
            api.make_url(f"{self._path}/watch", query=query),
            headers={"Accept": "text/event-stream"},
            stream=True,
            timeout=silence_s,
        )
        if response.status != 200:
            response.drain_conn()
        raise_for_status(response)
        return response

    def _about(self, request_id: str, verb: str, body: Mapping[str, Any] | Spool) -> None:
        try:
            self._post(f"requests/{request_id}/{verb}", body)
        except ApiException as error:
            if error.status in _GONE:
                raise RequestGoneError(f"request {request_id}: {error}") from error
            raise

    def _post(
        self, tail: str, body: Mapping[str, Any] | Spool, path: str | None = None
    ) -> Response:
        api = self.client.api_client
        url, who = api.make_url(f"{path or self._path}/{tail}"), {"agent_id": self.agent_id}
        # A hub acknowledges what it hears twice, and other servers' own agents repeat it too.
        if isinstance(body, Spool):
            response = self._send_pieces(url, who, body)
        else:
            response = api.send("POST", url, body={**who, **body}, repeatable=True)
        raise_for_status(response)
        return response

    def _send_pieces(self, url: str, who: dict[str, Any], spool: Spool) -> Response:
        headers = {"Content-Type": JSON_TYPE, "Content-Length": spool.size(who)}
        send = self.client.api_client.send
        for _ in range(_ATTEMPTS - 1):
            # Whoever sends pieces waits for a server that isn't there, but can't repeat them.
            with suppress(TransportError):
                response = send("POST", url, headers=headers, body=spool.pieces(who))
                if response.status not in _UNAVAILABLE:
                    return response
        return send("POST", url, headers=headers, body=spool.pieces(who))


def _failed(category: Category, error: ApiException) -> AcquireFailed:
    status = error.status
    if status is None or status >= 500 or status in _TRANSIENT:
        after = parse_retry_after(error.headers.get("Retry-After"), now=datetime.now(UTC))
        return AcquireFailed(category, retry_after_s=after)
    return AcquireFailed(category, fatal=error)


def is_hub(client: Client) -> bool:
    """Tell whether the server is a CVAT Hub, which knows more than other servers."""
    try:
        about, _ = client.api_client.server_api.retrieve_about()
    except ApiException:
        return False
    return bool(about.get("hub_version"))
