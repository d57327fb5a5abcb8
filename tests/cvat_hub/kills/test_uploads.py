"""A hub that is killed at any moment of an upload loses nothing that it has acknowledged.

Clients go on as clients should: with the next hub they ask what became of the request that got no
answer, and repeat it if need be. What was answered must hold, and nothing may be half there.
"""

from __future__ import annotations

import base64
import io
import json
import random
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

import PIL.Image
import pytest
import urllib3

from cvat_hub.settings import Settings

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]
KILLS, SEEDS = 25, range(4)
REQUESTS = 60  # answered by one hub, at most
LONGEST = 0.03  # seconds from the last of them, or from the start, to the kill
CLIENTS = 2
KEPT = 2  # tasks of a client, beside the one that it is busy with
PATIENCE = [*range(1, 10), *[99] * 6]  # steps of an upload that is given up after them
LABELS = [{"name": "car"}, {"name": "person", "attributes": []}]
ATTEMPTS = 3  # ends of the hub during a preparation, after which it is given up
T = TypeVar("T")
Answer = urllib3.BaseHTTPResponse


class Media(NamedTuple):
    """What is uploaded, by names, and the frames that come of it; None if it is of no use."""

    files: dict[str, bytes]
    frames: list[bytes] | None


@dataclass
class Task:
    """A task, as far as the hub has answered for it."""

    id: int
    media: Media
    data_id: int | None = None
    offsets: dict[str, int] = field(default_factory=dict)
    finish_sent: bool = False
    is_ready: bool = False
    hidden: list[list[int]] = field(default_factory=lambda: [[]])  # two while one is on its way
    is_going: bool = False


class Over(Exception):
    """There is no next hub."""


class Bored(Exception):
    """The client gives its upload up."""


class Line:
    """Tells clients where the hub of the moment is."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._address = ""
        self._is_closed = False
        self.lives = self.kills = 0
        self.answers = 0
        self.is_last = False

    def connect(self, address: str, *, is_last: bool = False) -> None:
        with self._news:
            self._address, self.is_last = address, is_last
            self.lives += 1
            self.answers = 0
            self._news.notify_all()

    def answered(self, answers: int = 1) -> None:
        with self._news:
            self.answers += answers
            self._news.notify_all()

    def wait_for(self, answers: int) -> None:
        """Wait until the hub of the moment has given so many answers."""
        with self._news:
            assert self._news.wait_for(lambda: self.answers >= answers, timeout=60)

    def after(self, life: int) -> tuple[int, str]:
        """Wait for a hub after that one."""
        with self._news:
            self._news.wait_for(lambda: self.lives > life or self._is_closed)
            if self._is_closed:
                raise Over
            return self.lives, self._address

    def close(self) -> None:
        with self._news:
            self._is_closed = True
            self._news.notify_all()


@dataclass
class Uploader:
    """Somebody who uploads one thing after the other, and knows what the hub must hold."""

    name: str
    headers: dict[str, str]
    choice: list[Media]
    data_dir: Path
    line: Line
    chance: random.Random
    tasks: list[Task] = field(default_factory=list)
    gone: list[Task] = field(default_factory=list)
    uploads: int = 0
    cuts: int = 0
    life: int = 0
    address: str = ""
    patience: int = 0
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(retries=False, timeout=60)
    )

    def run(self) -> None:
        """Go on until there is a last hub."""
        try:
            self._reconnect()
            while not self.line.is_last:
                self._upload(self.chance.choice(self.choice))
                while len(self.tasks) > KEPT:
                    self._again(self._delete, self.chance.choice(self.tasks))
        finally:
            self.pool.clear()

    def check(self) -> None:
        """Compare everything with what it must be."""
        requests = self._read("requests?page_size=100")["results"]
        assert {request["status"] for request in requests} <= {"finished", "failed"}
        assert self._listed() == {task.id for task in self.tasks}
        for task in self.tasks:
            self._check(task)

    def _upload(self, media: Media) -> None:
        """Make a task, give it data, and hide a frame; or delete it in the middle."""
        self.uploads += 1
        self.patience = 99
        task = Task(self._again(self._create, f"{self.name}-{self.uploads}"), media)
        self.tasks.append(task)
        self.patience = self.chance.choice(PATIENCE)
        try:
            while not self._fill(task):
                if task.media.frames is None:
                    task.media = next(media for media in self.choice if media.frames)
            self._again(self._hide, task)
        except Bored:
            self.patience = 99
            self._again(self._delete, task)
        self.patience = 99

    def _fill(self, task: Task) -> bool:
        """Send the files, and wait; return whether the task is ready."""
        task.finish_sent = False
        task.offsets.clear()
        self._again(self._post, task, 202, "Upload-Start")
        in_pieces = self.chance.choice([0, 1, 2])
        files = list(task.media.files.items())
        for name, body in files[:in_pieces]:
            location = self._again(self._announce, task, name, len(body))
            self._again(self._send_pieces, task, location, body)
        for start in range(in_pieces, len(files), 3):
            self._again(self._post, task, 200, "Upload-Multiple", files[start : start + 3])
        before = self.line.kills
        self._again(self._finish, task)
        if self.chance.random() < 0.5:
            # Many kills are to come in the short time of the preparation.
            self.line.answered(REQUESTS)
        request = self._again(self._prepared, task)
        if request["status"] == "finished":
            assert task.media.frames is not None
            task.is_ready = True
            self._again(self._check, task)
        elif "ended the hub" in request["message"]:
            assert self.line.kills - before >= ATTEMPTS
        else:
            assert task.media.frames is None, request
        return task.is_ready

    def _again(self, action: Callable[..., T], *args: Any, **named: Any) -> T:
        """Do something until no hub is killed meanwhile."""
        self.patience -= 1
        if self.patience < 0:
            raise Bored
        while True:
            try:
                return action(*args, **named)
            except urllib3.exceptions.HTTPError:
                self.cuts += 1
                self._reconnect()

    def _reconnect(self) -> None:
        """Wait for the next hub, and compare what it has with what was acknowledged."""
        while True:
            self.life, self.address = self.line.after(self.life)
            try:
                self._check_any()
            except urllib3.exceptions.HTTPError:
                continue
            return

    def _check_any(self) -> None:
        """Compare what there is with what must be there, and one task in full."""
        listed, going = self._listed(), {task.id for task in self.tasks if task.is_going}
        assert {task.id for task in self.tasks} - going <= listed
        assert not listed & {task.id for task in self.gone}
        assert not [left for task in self.gone for left in self._left(task)]
        if self.tasks and self.chance.random() < 0.5:
            self._check(self.chance.choice([*self.tasks, self.tasks[-1]]))

    def _listed(self) -> set[int]:
        return {task["id"] for task in self._read("tasks?page_size=100")["results"]}

    def _check(self, task: Task) -> None:
        """Compare a task, whose preparation may go on meanwhile, with what it must be."""
        if task.is_going:
            return
        shown = self._read(f"tasks/{task.id}")
        task.data_id = shown.get("data", task.data_id)
        assert self._read(f"labels?task_id={task.id}")["count"] == len(LABELS)
        if shown.get("size"):
            assert task.finish_sent
            self._check_frames(task, shown)
        else:
            assert not task.is_ready
            assert shown["jobs"]["count"] == 0
        if not task.finish_sent:
            for location in task.offsets:
                self._offset(task, location)

    def _check_frames(self, task: Task, shown: dict[str, Any]) -> None:
        frames = task.media.frames
        assert frames
        assert shown["size"] == len(frames)
        jobs = self._read(f"jobs?task_id={task.id}&sort=id&page_size=100")["results"]
        assert len(jobs) == shown["jobs"]["count"]
        assert (jobs[0]["start_frame"], jobs[-1]["stop_frame"]) == (0, len(frames) - 1)
        assert self._read(f"tasks/{task.id}/data/meta")["deleted_frames"] in task.hidden
        for number, body in enumerate(frames):
            asked = f"tasks/{task.id}/data/?type=frame&quality=original&number={number}"
            assert _is_same_picture(self._ask("GET", asked).data, body), asked

    def _left(self, task: Task) -> list[Path]:
        """Return what is left of a task in the data folder."""
        data, uploads = self.data_dir / "data", self.data_dir / "uploads"
        names = f"preparing-{task.id}", f".preparing-{task.id}.*", str(task.data_id)
        left = [path for name in names for path in data.glob(name)]
        return left + [path for path in (uploads / str(task.id),) if path.exists()]

    def _create(self, name: str) -> int:
        found = self._read(f"tasks?name={name}")["results"]
        if not found:
            spec = {"name": name, "labels": LABELS, "segment_size": 3}
            found = [json.loads(self._ask("POST", "tasks", 201, spec).data)]
        [task] = found
        return int(task["id"])

    def _post(
        self, task: Task, status: int, header: str, files: list[tuple[str, bytes]] | None = None
    ) -> None:
        fields = {f"client_files[{number}]": file for number, file in enumerate(files or [])}
        options = {"fields": fields} if files else {}
        self._ask("POST", f"tasks/{task.id}/data/", status, headers={header: ""}, **options)

    def _announce(self, task: Task, name: str, length: int) -> str:
        encoded = base64.b64encode(name.encode()).decode()
        headers = {"Upload-Length": str(length), "Upload-Metadata": f"filename {encoded}"}
        answer = self._ask("POST", f"tasks/{task.id}/data/", 201, headers=headers)
        location = answer.headers["Location"].rpartition("/")[2]
        task.offsets[location] = 0
        return location

    def _send_pieces(self, task: Task, location: str, body: bytes) -> None:
        """Send a file from where it broke off."""
        offset = self._offset(task, location)
        piece = -(-len(body) // self.chance.randint(1, 6))
        while offset < len(body):
            sent = body[offset : offset + piece]
            headers = {
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
            }
            path = f"tasks/{task.id}/data/{location}"
            answer = self._ask("PATCH", path, 204, body=sent, headers=headers)
            offset = task.offsets[location] = int(answer.headers["Upload-Offset"])

    def _offset(self, task: Task, location: str) -> int:
        answer = self._ask("HEAD", f"tasks/{task.id}/data/{location}")
        offset = int(answer.headers["Upload-Offset"])
        assert offset >= task.offsets[location]
        task.offsets[location] = offset
        return offset

    def _finish(self, task: Task) -> None:
        allowed = (202, 409) if task.finish_sent else (202,)
        task.finish_sent = True
        headers, options = {"Upload-Finish": ""}, {"chunk_size": 3, "image_quality": 70}
        self._ask("POST", f"tasks/{task.id}/data/", allowed, options, headers=headers)

    def _prepared(self, task: Task) -> dict[str, Any]:
        asked = quote(f"action=create&target=task&target_id={task.id}")
        while True:
            request = self._read(f"requests/{asked}")
            if request["status"] in ("finished", "failed"):
                return request

    def _hide(self, task: Task) -> None:
        path = f"tasks/{task.id}/data/meta"
        held = self._read(path)["deleted_frames"]
        assert held in task.hidden
        task.hidden = [held, [0, 2] if held else [1]]
        self._ask("PATCH", path, 200, {"deleted_frames": task.hidden[1]})
        del task.hidden[0]

    def _delete(self, task: Task) -> None:
        allowed = (204, 404) if task.is_going else (204,)
        task.is_going = True
        self._ask("DELETE", f"tasks/{task.id}", allowed)
        self.tasks.remove(task)
        self.gone.append(task)

    def _read(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._ask("GET", path).data)
        return found

    def _ask(
        self,
        method: str,
        path: str,
        status: int | tuple[int, ...] = 200,
        data: Any = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        if data is not None:
            options["body"] = json.dumps(data)
        url = f"{self.address}/api/{path}"
        sent = {**self.headers, **(headers or {})}
        answer = self.pool.request(method, url, headers=sent, **options)
        self.line.answered()
        allowed = status if isinstance(status, tuple) else (status,)
        assert answer.status in allowed, (method, path, answer.status, answer.data)
        return answer


def _is_same_picture(found: bytes, expected: bytes) -> bool:
    """Tell whether a frame is what was uploaded: its bytes, or of a video's frame the pixels.

    The compressor of those PNGs doesn't always find the same short form.
    """
    if found == expected or not expected.startswith(b"\x89PNG"):
        return found == expected
    pictures = (PIL.Image.open(io.BytesIO(body)) for body in (found, expected))
    return len({(picture.size, picture.mode, picture.tobytes()) for picture in pictures}) == 1


def _photos(chance: random.Random) -> dict[str, bytes]:
    """Make photos of noise, which take more than one piece to send."""
    photos = {}
    for number in range(7):
        file, size_wh = io.BytesIO(), (160, 120)
        noise = PIL.Image.frombytes("RGB", size_wh, chance.randbytes(3 * 160 * 120))
        noise.save(file, "JPEG", quality=95)
        photos[f"{number}.jpg"] = file.getvalue()
    return photos


def _zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return file.getvalue()


def _video_frames(client: Any, new_task: Callable[..., Any], video: bytes) -> list[bytes]:
    """Return the frames that a hub makes of a video if nobody kills it; the task is deleted."""
    task_id = new_task(client, frames=0)["id"]
    assert client.upload(task_id, {"clip.mp4": video})["status"] == "finished"
    url = f"tasks/{task_id}/data/?type=frame&quality=original&number="
    frames = [client("GET", f"{url}{number}").body for number in range(20)]
    assert client("DELETE", f"tasks/{task_id}").status == 204
    return frames


@pytest.mark.parametrize("seed", SEEDS)
def test_no_acknowledged_part_of_an_upload_is_lost_and_none_is_half_there(
    settings: Settings,
    start: Any,
    new_task: Callable[..., Any],
    video: bytes,
    hubs: Any,
    seed: int,
) -> None:
    chance, line, uploaders = random.Random(seed), Line(), []
    photos = _photos(chance)
    with start(settings) as hub:
        choice = [
            Media(photos, list(photos.values())),
            Media({"all.zip": _zipped(photos)}, list(photos.values())),
            Media({"clip.mp4": video}, _video_frames(hub.new_user(), new_task, video)),
            Media({"broken.zip": _zipped({"a.jpg": b"nonsense" * 5000})}, None),
        ]
        for number in range(CLIENTS):
            headers, own = hub.new_user().headers, random.Random(f"{seed} {number}")
            name = f"of-{number}"
            uploaders.append(Uploader(name, headers, choice, settings.data_dir, line, own))
    with ThreadPoolExecutor(CLIENTS) as pool, closing(line):
        running = [pool.submit(uploader.run) for uploader in uploaders]
        for _ in range(KILLS):
            pid = hubs.start()
            # Otherwise it may be sweeping up what the one before has left.
            if chance.random() < 0.8:
                line.connect(hubs.address())
                line.wait_for(chance.randrange(REQUESTS))
            threading.Event().wait(chance.uniform(0, LONGEST))
            hubs.kill(pid)
            line.kills += 1
            if any(future.done() for future in running):
                break
        pid = hubs.start()
        line.connect(hubs.address(), is_last=True)
        for future in running:
            future.result(timeout=120)
    hubs.kill(pid)
    pid = hubs.start()
    address = hubs.address()
    for uploader in uploaders:
        uploader.address = address
        uploader.check()
        uploader.pool.clear()
    hubs.kill(pid)
    tasks = [task for uploader in uploaders for task in uploader.tasks]
    kept = {folder: _children(settings.data_dir / folder) for folder in ("data", "uploads")}
    assert kept == {"data": {str(task.data_id) for task in tasks}, "uploads": set()}
    assert sum(uploader.cuts for uploader in uploaders) > 0
    assert tasks


def _children(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
