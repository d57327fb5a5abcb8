"""HTTP without opinions about CVAT: one pool of connections that tries again where that helps."""

from __future__ import annotations

import io
import logging
import random
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from cvat_sdk.core.retries import Failure, RetryPolicy, parse_retry_after, was_done_before
from cvat_sdk.exceptions import TransportError

Body = bytes | Iterable[bytes] | None
Headers = Mapping[str, str]
Response = urllib3.BaseHTTPResponse

CONNECT_TIMEOUT_S = 15.0
POOL_SIZE = 16
COPY_SIZE = 1 << 18

_SECRET_HEADERS = frozenset({"Authorization", "Cookie", "X-CSRFToken"})

# Trying again is decided here, not in urllib3. It only follows redirects, and takes no secrets
# along to another host.
_REDIRECTS_ONLY = urllib3.Retry(
    total=None,
    connect=False,
    read=False,
    status=0,
    other=0,
    redirect=5,
    remove_headers_on_redirect=_SECRET_HEADERS,
    respect_retry_after_header=False,
)


class NoAnswerError(TransportError, HTTPError):
    """No answer came. Handlers of `urllib3.exceptions.HTTPError` in older scripts catch it too."""


class Sink(Protocol):
    """Where a download goes."""

    def write(self, data: bytes, /) -> object: ...


class Transport:
    """A pool of connections with a time limit on each of them; safe to share between threads.

    Args:
        read_timeout_s: how long the server may be silent before it counts as gone.
        verify_ssl: whether the server's certificate must be valid.
    """

    def __init__(
        self,
        *,
        read_timeout_s: float = 300.0,
        verify_ssl: bool = True,
        ssl_ca_cert: str | None = None,
        policy: RetryPolicy | None = None,
        logger: logging.Logger | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        self.policy = policy or RetryPolicy()
        self._timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=read_timeout_s)
        self._logger = logger or logging.getLogger(__name__)
        self.sleep = sleep
        self.chance = chance
        self._pool = pool or urllib3.PoolManager(
            maxsize=POOL_SIZE,
            cert_reqs=ssl.CERT_REQUIRED if verify_ssl else ssl.CERT_NONE,
            ca_certs=ssl_ca_cert,
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Headers | None = None,
        body: Body = None,
        stream: bool = False,
        timeout_s: float | None = None,
        repeatable: bool = False,
    ) -> Response:
        """Send a request, again if that may help, and return the last answer, whatever its status.

        Args:
            body: bytes, or pieces of them (then with a Content-Length header). A body of pieces is
                sent again only if the server did not see its first attempt.
            stream: leave the body of the answer on the wire, for the caller to read.
            repeatable: the server is known to do nothing twice when this request comes again.

        Raises:
            NoAnswerError: no answer came.
        """

        def send() -> Response:
            return self._pool.request(
                method,
                url,
                headers=headers,
                body=body,
                preload_content=not stream,
                timeout=self._limit(timeout_s),
                retries=_REDIRECTS_ONLY,
            )

        can_repeat = body is None or isinstance(body, bytes)
        return self._persist(method, url, send, lambda: can_repeat, repeatable=repeatable)

    def download(self, url: str, output: Sink, *, headers: Headers | None = None) -> Response:
        """GET `url` and write the body of a 200 to `output`; other answers keep their body.

        A download that is cut begins anew, if `output` can be wound back.

        Raises:
            NoAnswerError: no answer came, or it broke off.
        """
        rewind = _rewinder(output)
        started = False

        def receive() -> Response:
            nonlocal started
            response = self._pool.request(
                "GET",
                url,
                headers=headers,
                preload_content=False,
                timeout=self._timeout,
                retries=_REDIRECTS_ONLY,
            )
            try:
                if response.status != 200:
                    response.read(cache_content=True)
                    return response
                if rewind and started:
                    rewind()
                for piece in response.stream(COPY_SIZE):
                    started = True
                    output.write(piece)
            except BaseException:
                response.close()
                raise
            response.release_conn()
            return response

        return self._persist("GET", url, receive, lambda: bool(rewind) or not started)

    def close(self) -> None:
        """Close the connections. The transport can be used again."""
        self._pool.clear()

    def _limit(self, timeout_s: float | None) -> urllib3.Timeout:
        if timeout_s is None:
            return self._timeout
        return urllib3.Timeout(connect=min(timeout_s, CONNECT_TIMEOUT_S), read=timeout_s)

    def _persist(
        self,
        method: str,
        url: str,
        act: Callable[[], Response],
        can_repeat: Callable[[], bool],
        *,
        repeatable: bool = False,
    ) -> Response:
        failures: list[Failure] = []
        while True:
            try:
                response = act()
                if was_done_before(method, response.status, failures):
                    return _done(response)
                failures.append(_failure_of_answer(method, response, repeatable))
                problem = f"{response.status} {response.reason}"
                delay = self._delay(failures, can_repeat())
                if delay is None:
                    return response
                response.drain_conn()
            except HTTPError as error:
                cause = error.reason if isinstance(error, MaxRetryError) else error
                failures.append(_failure_of(method, cause, repeatable))
                problem = describe(cause, url)
                delay = None
                if not isinstance(cause, SSLError):
                    delay = self._delay(failures, can_repeat())
                if delay is None:
                    raise NoAnswerError(problem) from error
            path = urlsplit(url).path
            self._logger.info("%s %s: %s; again in %.1f s", method, path, problem, delay)
            self.sleep(delay)

    def _delay(self, failures: Sequence[Failure], can_repeat: bool) -> float | None:
        if not can_repeat and failures[-1].reached_server:
            return None
        return self.policy.delay_s(failures[-1], len(failures), chance=self.chance)


def _done(response: Response) -> Response:
    response.drain_conn()
    return urllib3.HTTPResponse(io.BytesIO(), status=204, reason="No Content")


def _failure_of_answer(method: str, response: Response, repeatable: bool) -> Failure:
    retry_after = parse_retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC))
    return Failure(method, status=response.status, retry_after_s=retry_after, repeatable=repeatable)


def _failure_of(method: str, cause: Exception | None, repeatable: bool) -> Failure:
    return Failure(
        method,
        reached_server=not isinstance(cause, NewConnectionError | ConnectTimeoutError),
        timed_out=isinstance(cause, ReadTimeoutError),
        repeatable=repeatable,
    )


def _rewinder(output: Sink) -> Callable[[], None] | None:
    seek, tell = getattr(output, "seek", None), getattr(output, "tell", None)
    truncate = getattr(output, "truncate", None)
    seekable = getattr(output, "seekable", lambda: False)
    if not (seek and tell and truncate and seekable()):
        return None
    start = tell()

    def rewind() -> None:
        seek(start)
        truncate()

    return rewind


def describe(cause: Exception | None, url: str) -> str:
    """Return one line for people: what happened, where, and what may help."""
    parts = urlsplit(url)
    server = f"{parts.scheme}://{parts.netloc}"
    if isinstance(cause, SSLError):
        if "WRONG_VERSION_NUMBER" in str(cause) or "record layer" in str(cause):
            return f"{server} does not speak HTTPS; if it is meant to, give it as http://{parts.netloc}"
        return f"{server}: no secure connection ({cause})"
    if isinstance(cause, NewConnectionError):
        return f"{server} cannot be reached ({_root(cause)}); is the address right, is it running?"
    if isinstance(cause, ConnectTimeoutError):
        return f"{server} does not answer: no connection within {CONNECT_TIMEOUT_S:.0f} s"
    if isinstance(cause, ReadTimeoutError):
        return f"{server} took the request {parts.path} but did not answer it in time"
    if isinstance(cause, ProtocolError):
        return f"{server} broke off the connection while it served {parts.path} ({_root(cause)})"
    return f"{server}: {cause}"


def _root(cause: BaseException) -> str:
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    return str(cause) or type(cause).__name__
