"""A hub on both databases, and what its tests talk to it with."""

from __future__ import annotations

import datetime
import io
import itertools
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import PIL.Image
import pytest
import sqlalchemy
import urllib3

from cvat_hub.passwords import Passwords
from cvat_hub.serve import running
from cvat_hub.settings import Settings
from cvat_hub.store import Store, open_store, tables, users

PASSWORD = "correct horse"
METRICS_TOKEN = "a token for Prometheus alone"
# What a request may leave behind of which it is not the subject.
_UNWATCHED = {"logins", "counters", "annotations"}


@dataclass
class Answer:
    """What the hub answered."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Somebody who talks to a hub."""

    def __init__(self, address: str, headers: dict[str, str], user_id: int = 0) -> None:
        self.address = address
        self.headers = headers
        self.user_id = user_id
        self.pool = urllib3.PoolManager(retries=False, timeout=30)

    def __call__(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        headers: dict[str, str] | None = None,
        body: Any = None,
        files: dict[str, bytes] | None = None,
    ) -> Answer:
        sent = {**self.headers, **(headers or {})}
        options: dict[str, Any] = {"body": body}
        if data is not None:
            options = {"body": json.dumps(data).encode()}
            sent.setdefault("Content-Type", "application/json")
        if files is not None:
            parts = enumerate(files.items())
            fields = {f"client_files[{i}]": (name, content) for i, (name, content) in parts}
            options = {"fields": fields}
        url = path if path.startswith("http") else f"{self.address}/api/{path}"
        answer = self.pool.request(method, url, headers=sent, **options)
        return Answer(answer.status, answer.headers, answer.data)

    def upload(self, task_id: int, files: dict[str, bytes], **options: Any) -> dict[str, Any]:
        """Give a task its data, and return the request when it is done, or has failed."""
        url = f"tasks/{task_id}/data/"
        assert self("POST", url, headers={"Upload-Start": ""}).status == 202
        assert self("POST", url, headers={"Upload-Multiple": ""}, files=files).status == 200
        answer = self("POST", url, {"image_quality": 70} | options, headers={"Upload-Finish": ""})
        assert answer.status == 202, answer.body
        return self.finished(answer.json["rq_id"])

    def finished(self, request_id: str) -> dict[str, Any]:
        """Ask until a request is done, or has failed."""
        while True:
            request: dict[str, Any] = self("GET", f"requests/{request_id}").json
            if request["status"] in ("finished", "failed"):
                return request

    def close(self) -> None:
        self.pool.clear()


class HubUnderTest:
    """A running hub, and a back door to its database that lets users in."""

    def __init__(self, settings: Settings, address: str, store: Store) -> None:
        self.settings = settings
        self.address = address
        self.store = store
        self.password_hash = Passwords().hash(PASSWORD)
        self._numbers = itertools.count()
        self._names = (f"user{number}" for number in self._numbers)
        self._clients: list[Client] = []

    def client(self, headers: dict[str, str] | None = None, user_id: int = 0) -> Client:
        """Return somebody who sends these headers."""
        self._clients.append(Client(self.address, headers or {}, user_id))
        return self._clients[-1]

    def new_user(self, *, is_admin: bool = False) -> Client:
        """Return a new user, logged in by a token."""
        name, now = next(self._names), datetime.datetime.now(datetime.UTC)
        with self.store.write() as connection:
            user_id = users.create(connection, name, self.password_hash, now, is_admin=is_admin)
        return self.log_in(user_id)

    def log_in(self, user_id: int) -> Client:
        """Return a user, logged in once more."""
        key, now = secrets.token_hex(), datetime.datetime.now(datetime.UTC)
        with self.store.write() as connection:
            until = now + datetime.timedelta(days=1)
            users.log_in(connection, user_id, secrets.token_hex(), key, now, until)
        return self.client({"Authorization": f"Token {key}"}, user_id)

    def new_organization(self, owner: Client, **members: Client) -> dict[str, Any]:
        """Return a new organization with members of these roles, `worker=somebody`."""
        slug = f"org-{next(self._numbers)}"
        organization: dict[str, Any] = owner("POST", "organizations", {"slug": slug}).json
        for role, member in members.items():
            self.join(owner, slug, member, role)
        return organization

    def join(self, inviter: Client, slug: str, member: Client, role: str = "worker") -> int:
        """Make somebody a member of an organization, and return the number of the membership."""
        key = self.invite(inviter, slug, member, role)["key"]
        assert member("POST", f"invitations/{key}/accept").status == 200
        found = member("GET", f"memberships?org={slug}&user={self.name_of(member)}").json
        return int(found["results"][0]["id"])

    def invite(
        self, inviter: Client, slug: str, invited: Client, role: str = "worker"
    ) -> dict[str, Any]:
        """Invite somebody to an organization, and return the invitation."""
        asked = {"role": role, "email": self.name_of(invited)}
        answer = inviter("POST", f"invitations?org={slug}", asked)
        assert answer.status == 201, answer.body
        invitation: dict[str, Any] = answer.json
        return invitation

    def name_of(self, client: Client) -> str:
        return str(client("GET", "users/self").json["username"])

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """What makes an empty database, and returns its address; "" is SQLite in the data folder."""
    if request.param == "sqlite":
        return lambda: ""
    return request.getfixturevalue("postgresql_server").new_database  # type: ignore[no-any-return]


@pytest.fixture
def database_url(new_database: Callable[[], str], tmp_path: Path) -> str:
    """The address of an empty database, for SQLAlchemy."""
    return Settings(data_dir=tmp_path, database=new_database()).database_url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(new_database: Callable[[], str], tmp_path: Path) -> Settings:
    """Settings of a hub that is yet to run."""
    return Settings(
        port=0, data_dir=tmp_path / "data", database=new_database(), admin_password=PASSWORD
    )


@pytest.fixture(scope="session")
def start() -> Callable[[Settings], Any]:
    """Runs a hub, for a `with` block."""
    return _started


@pytest.fixture(scope="session")
def hub(
    new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HubUnderTest]:
    """A hub that all tests share; each of them brings its own users and tasks."""
    settings = Settings(
        port=0,
        data_dir=tmp_path_factory.mktemp("hub"),
        database=new_database(),
        admin_password=PASSWORD,
        metrics_token=METRICS_TOKEN,
    )
    with _started(settings) as started:
        yield started


@pytest.fixture
def user(hub: HubUnderTest) -> Client:
    """A new user of the shared hub."""
    return hub.new_user()


@pytest.fixture(scope="session")
def photo() -> Callable[..., bytes]:
    """Makes a small JPEG of one colour."""

    def make(shade: int = 0, size_wh: tuple[int, int] = (32, 24)) -> bytes:
        file = io.BytesIO()
        PIL.Image.new("RGB", size_wh, (shade, 100, 200)).save(file, "JPEG")
        return file.getvalue()

    return make


@pytest.fixture(scope="session")
def video() -> bytes:
    """Twenty frames of H.264 in an MP4."""
    import av
    import numpy as np

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            pixels = np.full((48, 64, 3), 10 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


@pytest.fixture(scope="session")
def new_task(photo: Callable[..., bytes]) -> Callable[..., dict[str, Any]]:
    """Makes a task of some photos, and returns it; `labels` by default one of each type."""

    def make(
        client: Client, *, frames: int = 4, labels: Any = None, data: Any = None, **fields: Any
    ) -> dict[str, Any]:
        spec = {"name": "task", "labels": LABELS if labels is None else labels} | fields
        answer = client("POST", "tasks", spec)
        assert answer.status == 201, answer.body
        task_id = answer.json["id"]
        if frames:
            files = {f"{number:03}.jpg": photo(number) for number in range(frames)}
            done = client.upload(task_id, files, **(data or {}))
            assert done["status"] == "finished", done
        task: dict[str, Any] = client("GET", f"tasks/{task_id}").json
        return task

    return make


LABELS = [
    {
        "name": "car",
        "attributes": [
            {"name": "model", "mutable": False, "input_type": "select", "values": ["a", "b"]},
            {"name": "speed", "mutable": True, "input_type": "number", "values": ["0", "9", "1"]},
        ],
    },
    {"name": "plain", "type": "any"},
    {
        "name": "person",
        "type": "skeleton",
        "svg": '<circle data-label-name="head"></circle><circle data-label-name="hand"></circle>',
        "sublabels": [{"name": "head"}, {"name": "hand"}],
    },
]


FUNCTION = {"provider": "native", "name": "f", "kind": "interactor"}


@dataclass
class World:
    """Somebody with one object of each noun, and their names in the table's paths."""

    hub: HubUnderTest
    client: Client
    names: dict[str, Any]

    def send(self, request: str, sent: Any = None, **options: Any) -> Any:
        """Send a request such as "PATCH tasks/{task}"; bytes go out as they are."""
        method, path = self.filled(request).split(" ", 1)
        if isinstance(sent, bytes):
            return self.client(method, path, body=sent, **options)
        return self.client(method, path, self._filled(sent), **options)

    def filled(self, text: str) -> str:
        """Put the names of this world's objects into a text."""
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def _filled(self, sent: Any) -> Any:
        """Do so in a body, where a name alone stands for its value."""
        if isinstance(sent, dict):
            return {name: self._filled(value) for name, value in sent.items()}
        if isinstance(sent, list):
            return [self._filled(value) for value in sent]
        if isinstance(sent, str) and sent[1:-1] in self.names and sent[0] == "{":
            return self.names[sent[1:-1]]
        return sent

    def objects(self) -> dict[str, list[Any]]:
        """Return all that the hub knows, of everybody."""
        with self.hub.store.read() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(sqlalchemy.select(table))))
                for table in tables.metadata.sorted_tables
                if table.name not in _UNWATCHED
            }


@pytest.fixture(scope="session")
def new_world(hub: HubUnderTest, new_task: Callable[..., Any]) -> Callable[..., World]:
    """Makes somebody with one object of each noun."""

    def make(*, is_admin: bool = False) -> World:
        client, guest = hub.new_user(is_admin=is_admin), hub.new_user()
        task = new_task(client, frames=2, labels=[{"name": "cat"}])
        slug = f"place{client.user_id}"
        place = client("POST", "organizations", {"slug": slug}).json
        asked = {"role": "worker", "email": hub.name_of(guest)}
        invitation = client("POST", f"invitations?org={slug}", asked).json
        members = client("GET", f"memberships?org={slug}").json["results"]
        project = client("POST", "projects", {"name": "p", "labels": [{"name": "cat"}]}).json
        return World(
            hub,
            client,
            {
                "task": task["id"],
                "job": client("GET", f"jobs?task_id={task['id']}").json["results"][0]["id"],
                "label": client("GET", f"labels?task_id={task['id']}").json["results"][0]["id"],
                "project": project["id"],
                "organization": place["id"],
                "slug": slug,
                "member": next(one["id"] for one in members if one["role"] == "worker"),
                "invitation": invitation["key"],
                "function": client("POST", "functions", FUNCTION).json["id"],
                # One that agents come to, so that nobody waits for the answer of the other one.
                "queue": client("POST", "functions", FUNCTION).json["id"],
                "token": client("POST", "auth/access_tokens", {"name": "t"}).json["id"],
                "user": client.user_id,
                "username": hub.name_of(client),
                "guest": guest.user_id,
                "request": quote(f"action=create&target=task&target_id={task['id']}"),
            },
        )

    return make


@contextmanager
def _started(settings: Settings) -> Iterator[HubUnderTest]:
    with running(settings) as address, ExitStack() as stack:
        store = open_store(settings.database_url)
        stack.callback(store.close)
        started = HubUnderTest(settings, address, store)
        stack.callback(started.close)
        yield started


class PostgresqlServer:
    """A server with databases for tests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = sqlalchemy.create_engine(
            sqlalchemy.make_url(url).set(drivername="postgresql+psycopg"),
            isolation_level="AUTOCOMMIT",
        )
        self._made: list[str] = []

    def new_database(self) -> str:
        name = f"hub_test_{secrets.token_hex(6)}"
        with self._engine.connect() as connection:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
        self._made.append(name)
        made = sqlalchemy.make_url(self.url).set(database=name)
        return made.render_as_string(hide_password=False)

    def close(self) -> None:
        with self._engine.connect() as connection:
            for name in self._made:
                connection.execute(sqlalchemy.text(f"DROP DATABASE {name} WITH (FORCE)"))
        self._engine.dispose()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """The server that CVAT_HUB_TEST_POSTGRESQL names, or a private one."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with ExitStack() as stack:
        given = os.environ.get("CVAT_HUB_TEST_POSTGRESQL")
        server = PostgresqlServer(given or stack.enter_context(_private_postgresql()))
        stack.callback(server.close)
        yield server


@contextmanager
def _private_postgresql() -> Iterator[str]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    on_path = shutil.which("pg_ctl")
    if not found and not on_path:
        pytest.skip("no PostgreSQL: neither CVAT_HUB_TEST_POSTGRESQL nor an installed server")
    programs = found[-1].parent if found else Path(str(on_path)).parent
    # PostgreSQL refuses to run as root.
    account: dict[str, Any] = {"user": "postgres", "group": "postgres"} if _is_root() else {}

    def call(program: str, *args: str) -> None:
        command = [str(programs / program), *args]
        subprocess.run(
            command, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=60, **account
        )

    # Not below a folder of root's own, which `postgres` could not enter.
    above = "/tmp" if account else None
    with tempfile.TemporaryDirectory(prefix="hub-postgresql-", dir=above) as folder:
        if account:
            shutil.chown(folder, "postgres", "postgres")
        data, log = f"{folder}/data", f"{folder}/log"
        call("initdb", "-D", data, "-U", "postgres", "--no-sync", "-A", "trust", "-E", "UTF8")
        port = _free_port()
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
        call("pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "stop", "-w", "-m", "fast", "-D", data)


def _is_root() -> bool:
    return os.geteuid() == 0


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
