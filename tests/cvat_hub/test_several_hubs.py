"""Several hubs on one PostgreSQL and one data folder; and who may use which folder."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cvat_hub.data_folder import DataFolder, HubError
from cvat_hub.folder_pixels import FolderPixels
from cvat_hub.hub import Hub, open_hub, utc_now
from cvat_hub.media import Options, prepare
from cvat_hub.settings import Settings
from cvat_hub.store import open_store, requests

# A hub that never gets further than the middle of a preparation.
STUCK_HUB = """
import threading
import cvat_hub.preparation
from cvat_hub.__main__ import main

def stuck(uploads, target, options, progress):
    target.mkdir()
    print("stuck", flush=True)
    threading.Event().wait()

cvat_hub.preparation.prepare = stuck
main()
"""


@pytest.fixture
def shared(postgresql_server: Any, tmp_path: Path) -> Settings:
    """Settings of hubs that share a database and a folder."""
    return Settings(
        port=0,
        data_dir=tmp_path / "data",
        database=postgresql_server.new_database(),
        admin_password="correct horse",
    )


@contextlib.contextmanager
def _stuck_hub(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {
        "CVAT_HUB_DATABASE": settings.database,
        "CVAT_HUB_DATA_DIR": str(settings.data_dir),
        "CVAT_HUB_ADMIN_PASSWORD": settings.admin_password,
    }
    command = [sys.executable, "-c", STUCK_HUB, "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_an_upload_begun_at_one_hub_is_finished_at_another(
    shared: Settings, start: Callable[..., Any], new_task: Callable[..., Any], photo: Any
) -> None:
    with start(shared) as first, start(shared) as second:
        here = first.new_user()
        there = second.client(here.headers, here.user_id)
        task_id = new_task(here, frames=0)["id"]
        url, content = f"tasks/{task_id}/data/", photo(size_wh=(640, 480))
        here("POST", url, headers={"Upload-Start": ""})
        there("POST", url, headers={"Upload-Multiple": ""}, files={"b.jpg": photo()})
        tus = {"Tus-Resumable": "1.0.0"}
        name = base64.b64encode(b"a.jpg").decode()
        announced = tus | {
            "Upload-Length": str(len(content)),
            "Upload-Metadata": f"filename {name}",
        }
        file_id = here("POST", url, headers=announced).headers["Location"].rpartition("/")[2]
        piece = tus | {"Content-Type": "application/offset+octet-stream"}
        cut = len(content) // 2
        for client, offset, body in ((here, 0, content[:cut]), (there, cut, content[cut:])):
            headers = piece | {"Upload-Offset": str(offset)}
            assert client("PATCH", url + file_id, headers=headers, body=body).status == 204
        request_id = there("POST", url, {}, headers={"Upload-Finish": ""}).json["rq_id"]
        assert here.finished(request_id)["status"] == "finished"
        for client in (here, there):
            frame = client("GET", f"{url}?type=frame&number=0&quality=original")
            assert frame.body == content
        # What one hub has open, another may delete.
        assert here("DELETE", f"tasks/{task_id}").status == 204
        assert there("GET", f"{url}?type=frame&number=0").status == 404


def test_a_preparation_of_a_hub_that_is_killed_is_finished_by_another(
    shared: Settings, start: Callable[..., Any], new_task: Callable[..., Any], photo: Any
) -> None:
    with start(shared) as hub:
        user = hub.new_user()
        task_id = new_task(user, frames=0)["id"]
        url = f"tasks/{task_id}/data/"
        user("POST", url, headers={"Upload-Multiple": ""}, files={"a.jpg": photo()})
    # No hub is there that might look for work in this moment.
    with contextlib.closing(open_store(shared.database_url)) as store, store.write() as connection:
        request_id = requests.queue_creation(connection, task_id, user.user_id, {}, utc_now())
    with _stuck_hub(shared) as doomed:
        assert doomed.stdout
        assert any(line == "stuck\n" for line in doomed.stdout)
        with open_hub(shared) as heir:
            heir.preparation.take_over()
            assert _status(heir, request_id) == "started"
            doomed.kill()
            doomed.wait()
            heir.preparation.take_over()
            while _status(heir, request_id) == "started":
                pass
            assert _status(heir, request_id) == "finished"
    assert [path.name for path in (shared.data_dir / "data").iterdir()] == ["1"]


def _status(hub: Hub, request_id: str) -> str:
    with hub.store.read() as connection:
        request = requests.get(connection, request_id)
    assert request
    return request.status


def test_the_hub_that_starts_first_removes_leavings_and_the_others_do_not(
    shared: Settings,
) -> None:
    leavings = shared.data_dir / "data" / "77"
    with open_hub(shared):
        leavings.mkdir()
        with open_hub(shared):
            assert leavings.exists()
    assert leavings.exists()
    with open_hub(shared):
        assert not leavings.exists()


def test_two_ends_of_one_upload_at_the_same_time_are_told_apart(
    shared: Settings, start: Callable[..., Any], new_task: Callable[..., Any], photo: Any
) -> None:
    with start(shared) as first, start(shared) as second, ThreadPoolExecutor(4) as pool:
        user = first.new_user()
        for _ in range(5):
            task_id = new_task(user, frames=0)["id"]
            url = f"tasks/{task_id}/data/"
            user("POST", url, headers={"Upload-Multiple": ""}, files={"a.jpg": photo()})
            clients = [hub.client(user.headers) for hub in (first, second, first, second)]

            def end(client: Any, url: str = url) -> int:
                return int(client("POST", url, {}, headers={"Upload-Finish": ""}).status)

            # The later ones are too late, whether the first is still at work or done.
            assert sorted(pool.map(end, clients)) == [202, 409, 409, 409]
            assert user.finished(requests.creation_of(task_id))["status"] == "finished"


def test_a_hub_lets_go_of_a_video_that_another_one_deleted(tmp_path: Path, video: bytes) -> None:
    first, second = FolderPixels(tmp_path), FolderPixels(tmp_path)
    first.uploads(1).save("a.mp4", io.BytesIO(video))
    prepare(first.uploads(1), first.preparing(1), Options(), lambda _: None)
    first.adopt(1, 9)
    second.reader(9).frame(3, "original")
    assert _open_below(tmp_path)
    first.forget(1, 9)
    second.tidy()
    assert not _open_below(tmp_path)
    with pytest.raises(FileNotFoundError):
        second.reader(9)
    assert [path.name for path in (tmp_path / "data").iterdir()] == []


def _open_below(folder: Path) -> list[str]:
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(descriptor))
    return [path for path in found if path.startswith(str(folder))]


def test_a_task_deleted_while_it_is_read_is_not_found(
    settings: Settings,
    start: Callable[..., Any],
    new_task: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with start(settings) as hub:
        user = hub.new_user()
        task = new_task(user)
        other = hub.client(user.headers)
        real = FolderPixels.reader

        def late(pixels: FolderPixels, data_id: int) -> Any:
            other("DELETE", f"tasks/{task['id']}")
            return real(pixels, data_id)

        monkeypatch.setattr(FolderPixels, "reader", late)
        assert user("GET", f"tasks/{task['id']}/data?type=frame&number=0").status == 404


SQLITE, POSTGRESQL = False, True


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        (SQLITE, SQLITE, True),
        (SQLITE, POSTGRESQL, True),
        (POSTGRESQL, SQLITE, True),
        (POSTGRESQL, POSTGRESQL, False),
    ],
)
def test_only_hubs_that_share_the_folder_use_it_together(
    tmp_path: Path, first: bool, second: bool, refused: bool
) -> None:
    with DataFolder(tmp_path) as one, DataFolder(tmp_path) as other:
        with one.starting(shared=first) as alone:
            assert alone
        if refused:
            with pytest.raises(HubError, match="another hub uses it; stop that first"):
                other.starting(shared=second).__enter__()
        else:
            with other.starting(shared=second) as alone:
                assert not alone


def _nothing(folder: Path) -> None:
    pass


def _marked(folder: Path) -> None:
    (folder / "store-id").write_text("77\n")


def _filled(folder: Path) -> None:
    (folder / "data" / "1").mkdir(parents=True)


def _marked_and_filled(folder: Path) -> None:
    _marked(folder)
    _filled(folder)


def _used(folder: Path) -> None:
    """As a hub leaves it that used the folder with this database."""


@pytest.mark.parametrize(
    ("database_is_new", "folder_is", "fits"),
    [
        (True, _nothing, True),
        # Of a hub from before there were marks.
        (True, _filled, True),
        # Of a hub that was killed when it started for the first time.
        (True, _marked, True),
        (True, _marked_and_filled, False),
        (False, _used, True),
        (False, _nothing, False),
        (False, _filled, False),
        (False, _marked, False),
        (False, _marked_and_filled, False),
    ],
)
def test_a_folder_and_a_database_that_do_not_belong_together_are_refused(
    new_database: Callable[[], str],
    tmp_path: Path,
    database_is_new: bool,
    folder_is: Callable[[Path], None],
    fits: bool,
) -> None:
    used, other = tmp_path / "used", tmp_path / "other"
    other.mkdir()
    folder_is(other)
    url = Settings(data_dir=tmp_path, database=new_database()).database_url
    with contextlib.closing(open_store(url)) as store:
        if not database_is_new:
            with DataFolder(used) as folder:
                folder.belong_to(store)
        with DataFolder(used if folder_is is _used else other) as folder:
            if fits:
                folder.belong_to(store)
                folder.belong_to(store)
            else:
                with pytest.raises(HubError, match="does not belong to this database"):
                    folder.belong_to(store)


def test_a_hub_with_the_folder_of_another_database_does_not_start(shared: Settings) -> None:
    with open_hub(shared):
        pass
    kept = shared.data_dir / "data" / "1"
    kept.mkdir()
    stranger = replace(shared, database="")
    with pytest.raises(HubError, match="name the folder that holds the pixels"):
        open_hub(stranger).__enter__()
    assert kept.exists()
