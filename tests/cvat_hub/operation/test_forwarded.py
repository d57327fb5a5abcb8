"""A hub behind a proxy, and one that somebody wants to believe it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cvat_hub.attempts import RULES
from cvat_hub.operation.forwarded import with_forwarded_host
from cvat_hub.settings import Settings

SENT = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "hub.example",
}


@pytest.fixture(scope="module", params=["10.1.2.3, 127.0.0.0/8", "10.1.2.3"])
def behind(
    request: pytest.FixtureRequest,
    start: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """A hub, and whether it believes what this machine says."""
    settings = Settings(
        port=0,
        data_dir=tmp_path_factory.mktemp("hub"),
        admin_password="correct horse",
        trusted_proxies=request.param,
    )
    with start(settings) as hub:
        yield hub, "127.0.0" in request.param


def test_links_and_cookies_are_those_of_the_outside_if_the_proxy_is_trusted(behind: Any) -> None:
    hub, trusted = behind
    login = {"username": "admin", "password": hub.settings.admin_password}
    answer = hub.client()("POST", "auth/login", login, headers=SENT)
    assert all(("Secure" in c) is trusted for c in answer.headers.getlist("Set-Cookie"))
    user = hub.new_user()
    link = user("GET", "users/self", headers=SENT).json["url"]
    outside = "https://hub.example" if trusted else hub.address
    assert link == f"{outside}/api/users/{user.user_id}"


@pytest.mark.parametrize(
    ("origin", "from_outside"),
    [("https://hub.example", True), ("https://evil.example", None), ("INSIDE", False)],
)
def test_a_page_of_the_outside_may_write_if_the_proxy_is_trusted(
    behind: Any, origin: str, from_outside: bool | None
) -> None:
    hub, trusted = behind
    login = {"username": "admin", "password": hub.settings.admin_password}
    answer = hub.client()("POST", "auth/login", login)
    cookies = [cookie.partition(";")[0] for cookie in answer.headers.getlist("Set-Cookie")]
    own = {
        "Cookie": "; ".join(cookies),
        "X-CSRFToken": cookies[0].partition("=")[2],
        "Origin": origin.replace("INSIDE", hub.address),
    }
    answer = hub.client()("POST", "tasks", {"name": "x"}, headers=SENT | own)
    assert answer.status == (201 if trusted is from_outside else 403)


def test_attempts_are_counted_for_the_address_outside_if_the_proxy_is_trusted(
    behind: Any,
) -> None:
    hub, trusted = behind

    def answer_to(address: str) -> int:
        wrong = {"username": "nobody", "password": "wrong"}
        headers = {"X-Forwarded-For": f"198.51.100.1, {address}"}
        return int(hub.client()("POST", "auth/login", wrong, headers=headers).status)

    most = RULES["name at address"].free + 10
    assert any(answer_to("203.0.113.9") == 429 for _ in range(most))
    assert answer_to("203.0.113.8") == (400 if trusted else 429)


@pytest.mark.parametrize(
    ("told", "host"),
    [
        (["hub.example"], "hub.example"),
        (["hub.example:8443"], "hub.example:8443"),
        (["[2001:db8::1]:80"], "[2001:db8::1]:80"),
        ([], "inside"),
        (["a.example", "b.example"], "inside"),
        (["a.example, b.example"], "inside"),
        (["a.example/x"], "inside"),
        (["user@a.example"], "inside"),
        ([""], "inside"),
    ],
)
def test_only_one_host_that_is_one_is_believed(told: list[str], host: str) -> None:
    headers = [(b"host", b"inside"), *((b"x-forwarded-host", t.encode()) for t in told)]
    assert dict(with_forwarded_host(headers))[b"host"] == host.encode()
