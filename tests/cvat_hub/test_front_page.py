"""The page as the hub sends it: all from the package, nothing inline or from elsewhere."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest

from cvat_hub.front_page import FOLDER

MOST_PACKED_BYTES = 400_000


@pytest.fixture
def visitor(hub: Any) -> Any:
    """Somebody who isn't signed in."""
    return hub.client()


def fetch(visitor: Any, path: str, method: str = "GET", **headers: str) -> Any:
    return visitor(method, visitor.address + path, headers=headers)


def test_the_page_is_there_without_a_login(visitor: Any) -> None:
    answer = fetch(visitor, "/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_the_policy_lets_nothing_in_but_the_hub_s_own_files(visitor: Any) -> None:
    policy = fetch(visitor, "/").headers["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in policy
    assert "data:" not in policy


def test_nothing_in_the_document_is_inline_or_from_elsewhere(visitor: Any) -> None:
    document = fetch(visitor, "/").body.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", document)
    assert not re.search(r"(src|href)=\"(?!/assets/)", document)


def test_every_file_that_the_document_names_is_sent_and_may_be_kept(visitor: Any) -> None:
    named = re.findall(r"(?:src|href)=\"(/assets/[^\"]+)\"", fetch(visitor, "/").body.decode())
    assert {path.rpartition(".")[2] for path in named} == {"js", "css", "svg"}
    for path in named:
        answer = fetch(visitor, path)
        assert answer.status == 200
        assert answer.body == (FOLDER / path.lstrip("/")).read_bytes()
        assert "immutable" in answer.headers["Cache-Control"]


def test_files_are_packed_for_those_who_can_read_that(visitor: Any) -> None:
    path = next(f"/assets/{file.name}" for file in (FOLDER / "assets").glob("*.js"))
    packed = fetch(visitor, path, **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    plain = fetch(visitor, path, **{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


def test_all_of_the_page_is_small() -> None:
    packed = sum(
        len(gzip.compress(file.read_bytes())) for file in FOLDER.rglob("*") if file.is_file()
    )
    assert packed < MOST_PACKED_BYTES


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/", 200),
        ("POST", "/", 405),
        ("DELETE", "/assets/index.js", 405),
        ("GET", "/assets/index.js", 404),
        ("GET", "/assets/..%2findex.html", 404),
        ("GET", "/index.html", 404),
    ],
)
def test_other_requests_are_answered_as_the_hub_answers(
    visitor: Any, method: str, path: str, status: int
) -> None:
    answer = fetch(visitor, path, method)
    assert answer.status == status
    if status == 405:
        assert answer.headers["Allow"] == "GET, HEAD"
