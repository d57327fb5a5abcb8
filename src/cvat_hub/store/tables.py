"""The tables. A change here needs a migration; a test compares the two."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)


class UtcDateTime(TypeDecorator[datetime.datetime]):
    """A moment: aware in Python, kept in UTC without a zone, which SQLite doesn't know."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime.datetime]:
        """What it is in Python."""
        return datetime.datetime

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> Any:
        return None if value is None else value.astimezone(datetime.UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime.datetime | None:
        return None if value is None else value.replace(tzinfo=datetime.UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _link(name: str, target: str, *, null: bool = False, rule: str = "") -> Column[int]:
    # What belongs to a deleted object goes with it; what merely mentions it forgets it.
    rule = rule or ("SET NULL" if null else "CASCADE")
    return Column(name, Integer, ForeignKey(target, ondelete=rule), nullable=null, index=True)


def _date(name: str, *, null: bool = False) -> Column[datetime.datetime]:
    return Column(name, UtcDateTime, nullable=null)


users = Table(
    "users",
    metadata,
    _id(),
    Column("username", String(150), nullable=False, unique=True),
    Column("email", String(254), nullable=False),
    Column("first_name", String(150), nullable=False),
    Column("last_name", String(150), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    _date("date_joined"),
    _date("last_login", null=True),
    sqlite_autoincrement=True,
)

# One row per login. A browser shows the session's secret, an older client the key's.
logins = Table(
    "logins",
    metadata,
    _id(),
    _link("user_id", "users.id"),
    Column("session_hash", String(64), nullable=False, unique=True),
    Column("key_hash", String(64), nullable=False, unique=True),
    _date("created_date"),
    _date("expiry_date"),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    _id(),
    _link("user_id", "users.id"),
    Column("name", String(50), nullable=False),
    Column("value_hash", String(64), nullable=False, unique=True),
    Column("read_only", Boolean, nullable=False),
    _date("created_date"),
    _date("updated_date"),
    _date("expiry_date", null=True),
    _date("last_used_date", null=True),
    sqlite_autoincrement=True,
)

organizations = Table(
    "organizations",
    metadata,
    _id(),
    Column("slug", String(16), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("description", Text, nullable=False),
    Column("contact", JSON, nullable=False),
    _link("owner_id", "users.id", null=True),
    _date("created_date"),
    _date("updated_date"),
    sqlite_autoincrement=True,
)

# Somebody who is invited is a member who is not active yet.
memberships = Table(
    "memberships",
    metadata,
    _id(),
    _link("organization_id", "organizations.id"),
    _link("user_id", "users.id"),
    Column("role", String(16), nullable=False),
    Column("is_active", Boolean, nullable=False),
    _date("joined_date", null=True),
    UniqueConstraint("organization_id", "user_id"),
    sqlite_autoincrement=True,
)

invitations = Table(
    "invitations",
    metadata,
    Column("key", String(64), primary_key=True),
    Column(
        "membership_id",
        Integer,
        ForeignKey("memberships.id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    _link("owner_id", "users.id", null=True),
    _date("created_date"),
)

projects = Table(
    "projects",
    metadata,
    _id(),
    Column("name", String(256), nullable=False),
    _link("owner_id", "users.id", null=True),
    _link("assignee_id", "users.id", null=True),
    _date("assignee_updated_date", null=True),
    _link("organization_id", "organizations.id", null=True),
    Column("bug_tracker", String(2000), nullable=False),
    _date("created_date"),
    _date("updated_date"),
    sqlite_autoincrement=True,
)

# The pixels of a task lie in the folder that bears the number of its row here.
data = Table(
    "data",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),
    Column("size", Integer, nullable=False),
    Column("chunk_size", Integer, nullable=False),
    Column("image_quality", Integer, nullable=False),
    Column("start_frame", Integer, nullable=False),
    Column("stop_frame", Integer, nullable=False),
    Column("frame_filter", String(256), nullable=False),
    Column("original_chunk_type", String(16), nullable=False),
    Column("compressed_chunk_type", String(16), nullable=False),
    Column("deleted_frames", JSON, nullable=False),
    _date("updated_date"),
    sqlite_autoincrement=True,
)

tasks = Table(
    "tasks",
    metadata,
    _id(),
    Column("name", String(256), nullable=False),
    _link("owner_id", "users.id", null=True),
    _link("assignee_id", "users.id", null=True),
    _date("assignee_updated_date", null=True),
    _link("project_id", "projects.id", null=True, rule="CASCADE"),
    _link("organization_id", "organizations.id", null=True),
    _link("data_id", "data.id", null=True),
    Column("bug_tracker", String(2000), nullable=False),
    Column("subset", String(64), nullable=False),
    Column("segment_size", Integer, nullable=False),
    Column("overlap", Integer, nullable=True),
    _date("created_date"),
    _date("updated_date"),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    _id(),
    _link("task_id", "tasks.id"),
    _link("assignee_id", "users.id", null=True),
    _date("assignee_updated_date", null=True),
    Column("start_frame", Integer, nullable=False),
    Column("stop_frame", Integer, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    _date("created_date"),
    _date("updated_date"),
    sqlite_autoincrement=True,
)

# A label belongs to a task, or to a project and all its tasks.
labels = Table(
    "labels",
    metadata,
    _id(),
    _link("task_id", "tasks.id", null=True, rule="CASCADE"),
    _link("project_id", "projects.id", null=True, rule="CASCADE"),
    _link("parent_id", "labels.id", null=True, rule="CASCADE"),
    Column("name", String(64), nullable=False),
    Column("color", String(16), nullable=False),
    Column("type", String(16), nullable=False),
    Column("svg", Text, nullable=False),
    sqlite_autoincrement=True,
)

attributes = Table(
    "attributes",
    metadata,
    _id(),
    _link("label_id", "labels.id"),
    Column("name", String(64), nullable=False),
    Column("mutable", Boolean, nullable=False),
    Column("input_type", String(16), nullable=False),
    Column("default_value", String(128), nullable=False),
    Column("values", JSON, nullable=False),
    sqlite_autoincrement=True,
)

# One row per tag, shape or track; `payload` is its JSON without what has a column of its own to
# be read from: the id, and the revision, which counts how often it was written.
annotation_rows = Table(
    "annotations",
    metadata,
    # In SQLite, INTEGER alone makes the key the place of the row; it holds 64 bits all the same.
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    # No foreign key: what a task leaves behind goes in slices.
    Column("task_id", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("frame", Integer, nullable=False),
    Column("label_id", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    # What clients call it, if that isn't the number of the row: then it was changed with others.
    Column("shown_id", BigInteger, nullable=True),
    Index(None, "task_id", "frame"),
)
_is_renamed = annotation_rows.c.shown_id.is_not(None)
Index(
    None,
    annotation_rows.c.shown_id,
    sqlite_where=_is_renamed,
    postgresql_where=_is_renamed,
)

# Annotations of a task that nobody sees; both ends of ids (of rows) and frames are inclusive.
hidden_annotations = Table(
    "hidden_annotations",
    metadata,
    _id(),
    Column("task_id", Integer, nullable=False, index=True),
    Column("incoming", Boolean, nullable=False),
    Column("first_id", BigInteger, nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("first_frame", Integer, nullable=False),
    Column("last_frame", Integer, nullable=False),
    # Only those of this label, or only their values of this attribute. No foreign keys: what they
    # refer to is gone by then.
    Column("label_id", Integer, nullable=True),
    Column("attribute_id", Integer, nullable=True),
    # Whether it is these when coming, and those on the list when it is leaving.
    Column("listed", Boolean, nullable=False, server_default=false()),
    # Whether somebody has changed annotations of the task since this was last taken back.
    Column("disturbed", Boolean, nullable=False, server_default=false()),
    _date("created_date"),
    sqlite_autoincrement=True,
)
hidden_lists = Table(
    "hidden_lists",
    metadata,
    Column("hidden_id", Integer, primary_key=True, autoincrement=False),
    Column("annotation_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Which annotations came with a write that its client named; `ids` are spans, both ends inclusive.
named_writes = Table(
    "named_writes",
    metadata,
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("key", String(128), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("ids", JSON, nullable=False),
    Column("created_date", UtcDateTime, nullable=False, index=True),
)

# The numbers of annotations are given out in blocks: by the sequence, or by the row that bears
# its name in databases that know no sequences.
annotation_ids = Sequence("annotation_ids", metadata=metadata)
counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("last", BigInteger, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("type", String(64), nullable=False),
    Column("target", String(16), nullable=False),
    _link("owner_id", "users.id", null=True),
    _link("task_id", "tasks.id", null=True, rule="CASCADE"),
    Column("status", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("progress", Float, nullable=False),
    Column("options", JSON, nullable=False),
    _date("created_date"),
    _date("started_date", null=True),
    _date("finished_date", null=True),
)

# Functions that agents serve, and what is asked of them. Users, organizations and tasks are values
# here without foreign keys: they may live on another server.
functions = Table(
    "functions",
    metadata,
    _id(),
    Column("provider", String(32), nullable=False),
    Column("name", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("visibility", String(16), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("owner_id", Integer, nullable=False, index=True),
    Column("organization_id", Integer, nullable=True, index=True),
    _date("created_date"),
    _date("updated_date"),
    sqlite_autoincrement=True,
)

# Who has come for work; the row of an agent also keeps it from coming twice at a time.
function_agents = Table(
    "function_agents",
    metadata,
    Column("function_id", ForeignKey("functions.id", ondelete="CASCADE"), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("user_id", Integer, primary_key=True),
    Column("seen_date", UtcDateTime, nullable=False, index=True),
)

# How many streams a hub process holds open for a function; `hub` is a name that it made up.
function_watches = Table(
    "function_watches",
    metadata,
    Column("function_id", ForeignKey("functions.id", ondelete="CASCADE"), primary_key=True),
    Column("hub", String(32), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("seen_date", UtcDateTime, nullable=False),
)

_UNFINISHED = text("status IN ('queued', 'started')")
_UNFINISHED_BATCH = text("category = 'batch' AND status IN ('queued', 'started')")
function_requests = Table(
    "function_requests",
    metadata,
    # Its order in the queue; `key` is what others know it by.
    _id(),
    Column("key", String(32), nullable=False, unique=True),
    _link("function_id", "functions.id", rule="CASCADE"),
    Column("category", String(16), nullable=False),
    Column("type", String(16), nullable=False),
    Column("user_id", Integer, nullable=False, index=True),
    Column("task_id", Integer, nullable=False),
    Column("job_id", Integer, nullable=True),
    Column("params", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    # Whose turn it is: the least.
    Column("turn", Integer, nullable=False),
    # Only this agent may have it.
    Column("meant_for", String(64), nullable=True),
    Column("agent_id", String(64), nullable=True),
    Column("agent_user_id", Integer, nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("progress", Float, nullable=False),
    Column("result", LargeBinary, nullable=True),
    Column("reason", Text, nullable=False),
    _date("created_date"),
    _date("started_date", null=True),
    # When the agent was last heard of.
    _date("heard_date", null=True),
    _date("finished_date", null=True),
    Index(
        "ix_function_requests_unfinished",
        "function_id",
        "category",
        "turn",
        sqlite_where=_UNFINISHED,
        postgresql_where=_UNFINISHED,
    ),
    Index(
        "uq_function_requests_batch_task_id",
        "task_id",
        unique=True,
        sqlite_where=_UNFINISHED_BATCH,
        postgresql_where=_UNFINISHED_BATCH,
    ),
    Index(None, "finished_date"),
    sqlite_autoincrement=True,
)

# What agents remember of shapes that are being tracked. Users know a state by the hub's own name.
tracking_states = Table(
    "tracking_states",
    metadata,
    Column("name", String(64), primary_key=True),
    _link("function_id", "functions.id", rule="CASCADE"),
    Column("user_id", Integer, nullable=False, index=True),
    Column("task_id", Integer, nullable=False),
    Column("agent_id", String(64), nullable=False),
    Column("agent_state", Text, nullable=False),
    Column("frame", Integer, nullable=False),
    Column("shape", JSON, nullable=False),
    Column("used_date", UtcDateTime, nullable=False, index=True),
)
