from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import (
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from cvat_sdk.core.client import Client
from cvat_sdk.core.transport import (
    COPY_SIZE,
    NoAnswerError,
    Transport,
    describe,
)
from cvat_sdk.exceptions import NotFoundException, TransportError

URL = "http://cvat.test:8080/api/x"
POOL: Any = None
REFUSED = NewConnectionError(POOL, "connection refused")
CUT = ProtocolError("cut", ConnectionResetError("reset by peer"))


def test_an_idempotent_request_is_sent_again_until_it_is_answered(
    server: Any, transport: Transport, waits: list[float]
) -> None:
    server.answer("GET", "/api/x", error=REFUSED)
    server.answer("GET", "/api/x", 503, headers={"Retry-After": "3"})
    server.answer("GET", "/api/x", error=CUT)
    server.answer("GET", "/api/x", 200, b"here")
    assert transport.request("GET", URL).data == b"here"
    assert waits == [1.0, 3.0, 4.0]


def test_the_last_answer_is_returned_when_the_server_stays_unavailable(
    server: Any, transport: Transport, waits: list[float]
) -> None:
    server.answer("GET", "/api/x", 503)
    assert transport.request("GET", URL).status == 503
    assert len(waits) == 3


def test_a_removal_whose_answer_was_lost_has_succeeded(server: Any, client: Client) -> None:
    server.answer("DELETE", "/api/tasks/5", error=CUT)
    server.answer("DELETE", "/api/tasks/5", 404, {"detail": "Not found."})
    _, response = client.api_client.tasks_api.destroy(5)
    assert response.status == 204
    assert len(server.of("DELETE", "/api/tasks/5")) == 2
    with pytest.raises(NotFoundException):
        client.api_client.tasks_api.destroy(5)


def test_a_post_that_the_server_may_have_seen_is_not_sent_again(
    server: Any, transport: Transport, waits: list[float]
) -> None:
    server.answer("POST", "/api/x", error=CUT)
    with pytest.raises(NoAnswerError, match="broke off the connection while it served /api/x"):
        transport.request("POST", URL, body=b"{}")
    assert waits == []
    assert len(server.sent) == 1


def test_a_body_of_pieces_is_sent_again_only_if_none_was_read(
    server: Any, transport: Transport
) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"
        yield b"b"

    server.answer("PUT", "/api/x", error=REFUSED)
    server.answer("PUT", "/api/x", 503)
    assert transport.request("PUT", URL, body=pieces()).status == 503
    assert [sent.body for sent in server.sent] == [b"ab"]


def test_no_answer_is_caught_by_the_handlers_of_older_scripts(
    server: Any, transport: Transport
) -> None:
    server.answer("GET", "/api/x", error=REFUSED)
    with pytest.raises(TransportError) as caught:
        transport.request("GET", URL)
    assert isinstance(caught.value, urllib3.exceptions.HTTPError)
    assert "http://cvat.test:8080 cannot be reached" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_certificate_is_not_tried_again(
    server: Any, transport: Transport, waits: list[float]
) -> None:
    problem = MaxRetryError(POOL, URL, SSLError("certificate verify failed"))
    server.answer("GET", "/api/x", error=problem)
    with pytest.raises(NoAnswerError, match="no secure connection"):
        transport.request("GET", URL)
    assert waits == []


def test_retries_are_logged_without_headers_or_queries(
    server: Any, transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer("GET", "/api/x", 503)
    server.answer("GET", "/api/x", 200)
    with caplog.at_level(logging.INFO):
        transport.request("GET", URL + "?token=secret", headers={"Authorization": "secret"})
    assert "GET /api/x: 503" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (SSLError("[SSL: WRONG_VERSION_NUMBER]"), "give it as http://cvat.test:8080"),
        (SSLError("self-signed"), "no secure connection"),
        (ReadTimeoutError(POOL, URL, "late"), "did not answer it in time"),
        (CUT, "broke off the connection"),
        (ValueError("odd"), "http://cvat.test:8080: odd"),
    ],
)
def test_the_message_says_what_happened_and_where(cause: Exception, said: str) -> None:
    assert said in describe(cause, URL)


CONTENT = bytes(COPY_SIZE + 8)


class CutBody(io.BytesIO):
    """Breaks off after the first piece."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise ProtocolError("cut", ConnectionResetError("reset by peer"))
        return super().read(COPY_SIZE)


class CutOnce:
    """A pool whose first answer breaks off."""

    def __init__(self) -> None:
        self.count = 0

    def request(self, *args: Any, **kwargs: Any) -> urllib3.HTTPResponse:
        self.count += 1
        body = CutBody(CONTENT) if self.count == 1 else io.BytesIO(CONTENT)
        return urllib3.HTTPResponse(body, status=200, preload_content=False)


class NoWayBack(io.BytesIO):
    def seekable(self) -> bool:
        return False


@pytest.fixture
def cutting(waits: list[float]) -> Transport:
    pool: Any = CutOnce()
    return Transport(pool=pool, sleep=waits.append, chance=lambda: 1.0)


def test_a_download_that_is_cut_begins_anew_where_it_began(cutting: Transport) -> None:
    file = io.BytesIO()
    file.write(b"head:")
    cutting.download(URL, file)
    assert file.getvalue() == b"head:" + CONTENT


def test_a_download_that_cannot_be_wound_back_fails_when_it_is_cut(cutting: Transport) -> None:
    with pytest.raises(NoAnswerError):
        cutting.download(URL, NoWayBack())


def test_a_download_of_an_error_writes_nothing(server: Any, transport: Transport) -> None:
    server.answer("GET", "/api/x", 404, b"gone")
    file = io.BytesIO()
    response = transport.download(URL, file)
    assert (response.status, response.data, file.getvalue()) == (404, b"gone", b"")
