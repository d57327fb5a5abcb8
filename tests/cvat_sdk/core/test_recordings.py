"""What our client says to a server, against what the official ones were recorded to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from cvat_sdk import models
from cvat_sdk.core.client import Client
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction

Recorded = Callable[[str], list[dict[str, Any]]]

SERVERS = ["sdk280-server254", "sdk215-server215"]


@pytest.fixture
def replay(recorded: Recorded, server: Any) -> Callable[[str], list[tuple[str, str, Any]]]:
    """Have the server answer as it was recorded, and return what it was asked then."""

    def start(name: str) -> list[tuple[str, str, Any]]:
        asked = []
        for exchange in recorded(name):
            request, response = exchange["request"], exchange["response"]
            body = (response["body"] or {}).get("json")
            server.answer(request["method"], request["path"], response["status"], body)
            asked.append((request["method"], request["path"], (request["body"] or {}).get("json")))
        return asked

    return start


def _said(server: Any) -> list[tuple[str, str, Any]]:
    is_json = [sent.headers.get("Content-Type") == "application/json" for sent in server.sent]
    return [
        (sent.method, sent.path, sent.json if has_json and sent.body else None)
        for sent, has_json in zip(server.sent, is_json, strict=True)
    ]


def _without_polls(said: list[tuple[str, str, Any]]) -> list[tuple[str, str, Any]]:
    """Leave out looks at background work and repeated reads, whose number is a matter of time."""
    return [
        one
        for i, one in enumerate(said)
        if not one[1].endswith("/status") and "/api/requests/" not in one[1] and one != said[i - 1]
    ]


@pytest.mark.parametrize("folder", SERVERS)
def test_a_task_is_made_from_images_as_officially(
    folder: str, client: Client, server: Any, replay: Any, tmp_path: Path
) -> None:
    asked = replay(f"{folder}/task-create-from-local-images")
    photos = [tmp_path / f"img_{i:03d}.jpg" for i in range(3)]
    for photo in photos:
        PIL.Image.new("RGB", (8, 6)).save(photo)
    spec = asked[0][2]
    task = client.tasks.create_from_data(spec, photos)
    assert task.size == 20
    assert _without_polls(_said(server)) == _without_polls(asked)
    assert b'filename="img_001.jpg"' in server.sent[2].body


@pytest.mark.parametrize("folder", SERVERS)
def test_data_that_the_server_cannot_read_ends_with_its_last_line(
    folder: str, client: Client, replay: Any, tmp_path: Path
) -> None:
    asked = replay(f"{folder}/task-create-bad-data")
    bad = tmp_path / "notimage.jpg"
    bad.write_bytes(b"x")
    with pytest.raises(Exception, match=r"UnidentifiedImageError: cannot identify image file"):
        client.tasks.create_from_data(asked[0][2], [bad])


@pytest.mark.parametrize("folder", SERVERS)
def test_a_refused_login_is_told(folder: str, client: Client, replay: Any) -> None:
    replay(f"{folder}/login-bad")
    with pytest.raises(Exception, match="Unable to log in with provided credentials"):
        client.login(("admin", "wrong"))


@pytest.mark.parametrize("folder", SERVERS)
def test_annotations_are_made_as_officially(
    folder: str, client: Client, server: Any, replay: Any
) -> None:
    asked = replay(f"{folder}/patch-annotations-create")
    _, path, body = asked[0]
    (kind, number) = path.split("/")[2:4]
    owner = getattr(client, kind)
    server.answer("GET", f"/api/{kind}/{number}", 200, {"id": int(number)})
    shape = models.LabeledShapeRequest(**body["shapes"][0])
    owner.retrieve(int(number)).update_annotations(
        models.PatchedLabeledDataRequest(shapes=[shape]), action=AnnotationUpdateAction.CREATE
    )
    assert _said(server)[1] == asked[0]
    assert server.sent[1].query == {"action": ["create"]}
