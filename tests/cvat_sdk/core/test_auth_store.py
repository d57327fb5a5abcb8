from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cvat_sdk.core.auth_store import AuthStore, ProfileEntry, get_auth_store_path
from cvat_sdk.exceptions import AuthStoreError

LAB = ProfileEntry("https://lab.test", "token-of-lab", "2026-11-23T10:00:00+00:00")
HOME = ProfileEntry("http://home.test:8080", "token-of-home", "2026-11-24T10:00:00+00:00")


@pytest.fixture
def store(tmp_path: Path) -> AuthStore:
    return AuthStore(tmp_path / "config" / "cvat-sdk" / "auth.json")


@pytest.fixture
def holding(store: AuthStore) -> Any:
    """Have the store's file hold something."""

    def hold(content: Any) -> None:
        store.path.parent.mkdir(parents=True, mode=0o700)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        store.path.write_bytes(data)
        store.path.chmod(0o600)

    return hold


def test_the_store_is_where_official_clients_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/somewhere")
    assert get_auth_store_path() == AuthStore().path == Path("/somewhere/cvat-sdk/auth.json")


def test_an_absent_store_holds_nothing_and_is_not_made_by_reading(store: AuthStore) -> None:
    assert store.list_profiles() == {}
    assert store.get_profile("lab") is None
    assert store.get_default_profile() is None
    assert store.get_default_server() is None
    store.clear_default_profile()
    store.clear_default_server()
    assert not store.path.parent.exists()


def test_profiles_are_saved_replaced_and_forgotten(store: AuthStore) -> None:
    store.put_profile("lab", LAB)
    store.put_profile("home", HOME)
    assert store.get_default_profile() == ("lab", LAB)
    store.put_profile("home", LAB, set_default=True)
    assert store.get_default_profile() == ("home", LAB)
    store.set_default_profile("lab")
    assert AuthStore(store.path).list_profiles() == {"lab": LAB, "home": LAB}
    store.remove_profile("lab")
    assert store.get_default_profile() is None
    assert store.get_profile("lab") is None
    store.clear_default_profile()
    with pytest.raises(KeyError):
        store.remove_profile("lab")
    with pytest.raises(KeyError):
        store.set_default_profile("lab")


def test_the_default_server_is_kept_and_forgotten(store: AuthStore) -> None:
    store.set_default_server("lab.test")
    assert AuthStore(store.path).get_default_server() == "lab.test"
    store.clear_default_server()
    assert store.get_default_server() is None


def test_the_file_has_the_official_form_and_keeps_what_it_does_not_know(
    store: AuthStore, holding: Any
) -> None:
    holding({"version": 1, "profiles": {"lab": {"server": "s", "token": "t", "new": 1}}, "more": 2})
    assert store.get_profile("lab") == ProfileEntry("s", "t", "")
    store.put_profile("home", HOME, set_default=True)
    assert json.loads(store.path.read_text()) == {
        "version": 1,
        "profiles": {
            "lab": {"server": "s", "token": "t", "new": 1},
            "home": {
                "server": HOME.server, "token": HOME.token, "created_date": HOME.created_date,
            },
        },
        "default_profile": "home",
        "more": 2,
    }  # fmt: skip


def test_only_the_owner_may_read_what_is_written(store: AuthStore) -> None:
    before = os.umask(0)
    try:
        store.put_profile("lab", LAB)
        store.put_profile("home", HOME)
    finally:
        os.umask(before)
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.path.parent.stat().st_mode & 0o777 == 0o700
    assert list(store.path.parent.iterdir()) == [store.path]


@pytest.mark.parametrize("opened", ["file", "folder"])
def test_what_others_may_read_is_refused_with_the_way_out(store: AuthStore, opened: str) -> None:
    store.put_profile("lab", LAB)
    path = store.path if opened == "file" else store.path.parent
    path.chmod(path.stat().st_mode | 0o050)
    with pytest.raises(AuthStoreError, match=rf"chmod (600|700) '{path}'$"):
        store.list_profiles()
    with pytest.raises(AuthStoreError, match="chmod"):
        store.put_profile("home", HOME)


def test_a_folder_that_others_may_read_is_not_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(AuthStoreError, match="chmod 700"):
        AuthStore(tmp_path / "auth.json").put_profile("lab", LAB)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"version": 1, "profiles": {"lab": {"token": "very-secr', "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"\xff very-secret", "it is not text"),
        ([], "it has no 'version'"),
        ({"profiles": {}}, "it has no 'version'"),
        ({"version": 1, "profiles": []}, "'profiles' is not an object"),
        ({"version": 1, "default_profile": ["very-secret"]}, "'default_profile' is not a text"),
        ({"version": 1, "default_profile": "lab", "profiles": {"lab": "very-secret"}},
         "profile 'lab' has no server or no token"),
        ({"version": 1, "default_profile": "lab", "profiles": {"lab": {"token": "very-secret"}}},
         "profile 'lab' has no server or no token"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_told_in_one_line_without_its_secrets(
    store: AuthStore, holding: Any, content: Any, problem: str
) -> None:
    holding(content)
    before = store.path.read_bytes()
    with pytest.raises(AuthStoreError, match=problem) as caught:
        store.get_default_profile()
    assert str(store.path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "very-sec" not in f"{caught.value} {caught.value.__cause__}"
    assert store.path.read_bytes() == before


def test_other_versions_and_unreadable_files_are_told(store: AuthStore, holding: Any) -> None:
    holding({"version": 2, "default_server": "a"})
    with pytest.raises(AuthStoreError, match="is of version 2; this program knows 1"):
        store.set_default_server("b")
    store.path.unlink()
    store.path.mkdir()
    with pytest.raises(AuthStoreError, match="cannot be read: Is a directory"):
        store.list_profiles()
    holding_server = AuthStore(store.path / "auth.json" / "deeper")
    (store.path / "auth.json").write_text("")
    with pytest.raises(AuthStoreError, match=r"cannot be (read|written): Not a directory"):
        holding_server.set_default_server("b")


def test_a_write_that_fails_leaves_what_was_there(
    store: AuthStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_profile("lab", LAB)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AuthStoreError, match="cannot be written: No space left on device"):
        store.put_profile("home", HOME)
    assert store.list_profiles() == {"lab": LAB}
    assert list(store.path.parent.iterdir()) == [store.path]


def test_tokens_are_not_shown() -> None:
    assert LAB.token not in repr(LAB)
