from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from cvat_sdk import exceptions
from cvat_sdk.core import auth
from cvat_sdk.core.auth import (
    AuthStore,
    ClientAuthParameters,
    ProfileEntry,
    choose_login,
    configure_client_auth_arguments,
    default_auth_factory,
    get_auth_factory,
    make_client_from_cli,
    make_client_from_profile,
)
from cvat_sdk.core.client import Client, Config
from cvat_sdk.core.credentials import AccessTokenCredentials, Credentials, PasswordCredentials

URL = "http://lab.test"
LAB = ProfileEntry(URL, "token-of-lab", "")
HOME = ProfileEntry("http://home.test", "token-of-home", "")
TOKEN = {"CVAT_ACCESS_TOKEN": "token"}
PASS = {"PASS": "from-environment"}


@pytest.fixture
def store(tmp_path: Path) -> AuthStore:
    return AuthStore(tmp_path / "store" / "auth.json")


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("ann:given", PASS, PasswordCredentials("ann", "given")),
        ("ann:a:b", PASS, PasswordCredentials("ann", "a:b")),
        ("ann", PASS, PasswordCredentials("ann", "from-environment")),
        ("ann:", PASS, PasswordCredentials("ann", "from-environment")),
        ("ann", {}, PasswordCredentials("ann", "Password for ann at http://lab.test: ")),
    ],
)
def test_auth_is_a_user_and_perhaps_a_password(
    text: str, environment: dict[str, str], expected: Credentials
) -> None:
    assert get_auth_factory(text, environment=environment, ask=str)(URL) == expected


@pytest.mark.parametrize("text", ["", ":", ":secret"])
def test_auth_without_a_user_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected USER or USER:PASS"):
        get_auth_factory(text)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({**TOKEN, **PASS}, AccessTokenCredentials("token")),
        ({"CVAT_ACCESS_TOKEN": "", **PASS}, PasswordCredentials("me", "from-environment")),
        ({"PASS": ""}, PasswordCredentials("me", "Password for me at http://lab.test: ")),
    ],
)
def test_without_auth_a_token_goes_before_the_account(
    environment: dict[str, str], expected: Credentials
) -> None:
    factory = default_auth_factory(environment=environment, ask=str, account=lambda: "me")
    assert factory(URL) == expected


def test_where_nobody_can_be_asked_the_ways_out_are_told() -> None:
    def closed(_: str) -> str:
        raise EOFError

    with pytest.raises(exceptions.AuthStoreError, match="give --auth ann:PASSWORD, or set PASS"):
        get_auth_factory("ann", environment={}, ask=closed)(URL)


def _parameters(*args: str) -> ClientAuthParameters:
    parser = argparse.ArgumentParser()
    configure_client_auth_arguments(parser)
    return ClientAuthParameters.from_namespace(parser.parse_args(args))


LAB_TOKEN, HOME_TOKEN = (AccessTokenCredentials(entry.token) for entry in (LAB, HOME))
ANN = PasswordCredentials("ann", "x")


@pytest.mark.parametrize(
    ("args", "environment", "server", "credentials"),
    [
        ((), {}, LAB.server, LAB_TOKEN),
        (("--profile", "home"), {}, HOME.server, HOME_TOKEN),
        (("--profile", "home"), TOKEN, HOME.server, HOME_TOKEN),
        ((), TOKEN, "http://kept.test", AccessTokenCredentials("token")),
        ((), {"CVAT_ACCESS_TOKEN": ""}, LAB.server, LAB_TOKEN),
        (("--auth", "ann:x"), {}, "http://kept.test", ANN),
        (("--auth", "ann:x"), TOKEN, "http://kept.test", ANN),
        (("--auth", "ann:x", "--server-host", "a"), {}, "https://a", ANN),
        (("--server-host", "http://a", "--server-port", "5"), TOKEN, "http://a:5",
         AccessTokenCredentials("token")),
        (("--server-port", "5"), TOKEN, "http://kept.test:5", AccessTokenCredentials("token")),
    ],
)  # fmt: skip
def test_profile_goes_before_arguments_before_environment_before_the_defaults(
    store: AuthStore,
    args: tuple[str, ...],
    environment: dict[str, str],
    server: str,
    credentials: Credentials,
) -> None:
    store.put_profile("lab", LAB)
    store.put_profile("home", HOME)
    store.set_default_server("http://kept.test")
    url, factory = choose_login(_parameters(*args), store, environment)
    assert (url, factory(url)) == (server, credentials)


def test_without_anything_saved_the_server_is_this_machine(store: AuthStore) -> None:
    url, factory = choose_login(_parameters(), store, {"CVAT_ACCESS_TOKEN": "token"})
    assert (url, factory(url)) == ("http://localhost", AccessTokenCredentials("token"))


def test_a_damaged_store_does_not_matter_to_who_names_server_and_user(store: AuthStore) -> None:
    store.set_default_server("x")
    store.path.write_text("{")
    assert choose_login(_parameters("--server-host", URL, "--auth", "ann:x"), store, {})[0] == URL
    with pytest.raises(exceptions.AuthStoreError, match="is damaged"):
        choose_login(_parameters(), store, {})


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("--profile", "home", "--server-host", "a"), "--profile tells server and user"),
        (("--profile", "home", "--server-port", "5"), "--profile tells server and user"),
        (("--profile", "home", "--auth", "ann:x"), "--profile tells server and user"),
        (("--profile", "hoem"), "there is no profile 'hoem' in .*; there are 'home', 'lab'"),
        (("--server-host", "http://a:1", "--server-port", "2"), "leave out --server-port"),
    ],
)
def test_contradictions_are_refused(store: AuthStore, args: tuple[str, ...], problem: str) -> None:
    store.put_profile("lab", LAB)
    store.put_profile("home", HOME)
    with pytest.raises(exceptions.AuthStoreError, match=problem):
        choose_login(_parameters(*args), store, {})


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch, transport: Any) -> list[Client]:
    """The clients that are made; all of them talk to the server in memory."""
    made: list[Client] = []

    class OwnClient(Client):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs, transport=transport)
            made.append(self)

    monkeypatch.setattr(auth, "Client", OwnClient)
    return made


def test_a_client_is_logged_in_as_the_arguments_say(
    clients: list[Client], server: Any, store: AuthStore
) -> None:
    server.answer("POST", "/api/auth/login", 200, {"key": "k"})
    arguments = argparse.Namespace(
        server_host=URL, auth=get_auth_factory("ann:x"), organization="", insecure=True, other=1
    )
    with make_client_from_cli(arguments, store=store, config=Config(request_timeout=7)) as client:
        assert client.organization_slug == ""
        assert (client.config.verify_ssl, client.config.request_timeout) == (False, 7)
    assert server.sent[0].json == {"username": "ann", "password": "x"}


def test_a_profile_is_an_access_token(
    clients: list[Client], server: Any, store: AuthStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CVAT_ACCESS_TOKEN", raising=False)
    server.answer("GET", "/api/server/about", 200, {})
    store.put_profile("lab", LAB)
    with (
        make_client_from_cli(ClientAuthParameters(organization="o"), store=store) as client,
        make_client_from_profile(LAB) as other,
    ):
        for one in (client, other):
            assert one.api_map.host == URL
            assert one.api_client.default_headers["Authorization"] == f"Bearer {LAB.token}"
        assert client.organization_slug == "o"
    assert server.sent == []


def test_a_refused_login_tells_where_and_as_whom(
    clients: list[Client], server: Any, store: AuthStore
) -> None:
    server.answer("POST", "/api/auth/login", 400, {"non_field_errors": ["no"]})
    parameters = ClientAuthParameters(server_host=URL, auth=get_auth_factory("ann:very-secret"))
    with pytest.raises(exceptions.BadRequestException) as caught:
        make_client_from_cli(parameters, store=store)
    assert caught.value.__notes__ == [f"{URL} refuses the login as ann"]
    assert "very-secret" not in f"{caught.value}{parameters}"


def test_a_server_that_is_away_is_tried_once_and_later_as_often_as_always(
    clients: list[Client], server: Any, store: AuthStore, waits: list[float]
) -> None:
    server.answer("GET", "/api/server/about", 503)
    parameters = ClientAuthParameters(server_host=URL, auth=lambda _: AccessTokenCredentials("t"))
    make_client_from_cli(parameters, store=store, check_server_version=True).close()
    assert waits == []
    clients[0].check_server_version()
    assert len(waits) == 3


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "tøken"])
def test_what_cannot_be_a_token_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(exceptions.ApiValueError) as caught:
        AccessTokenCredentials(token)
    assert not token or token not in str(caught.value)
