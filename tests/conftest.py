"""What holds for all tests: they leave nothing behind, and in CI none is skipped unnoticed."""

from __future__ import annotations

import fnmatch
import multiprocessing.resource_tracker
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

ALLOWED_SKIPS = Path(__file__).with_name("allowed-skips.txt")
THREAD_GRACE_S = 2.0


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail the last test of a session after which threads, processes or temporary files remain."""
    temporary = tmp_path_factory.mktemp("temporary")
    threads, children = set(threading.enumerate()), _child_processes()
    with pytest.MonkeyPatch.context() as patch:
        # For this process and for those that tests start.
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setenv("TMPDIR", str(temporary))
        # Who runs the tests may have saved logins.
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        # Runs of functions keep there what they can be resumed by.
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        # torch makes a folder there when some of its parts are imported.
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.mktemp("inductor")))
        # tqdm would keep a thread that watches its bars.
        patch.setattr("tqdm.tqdm.monitor_interval", 0)
        yield
    left = [
        *(f"thread {thread.name}" for thread in _running(set(threading.enumerate()) - threads)),
        *(f"process {pid}: {_command_of(pid)}" for pid in _child_processes() - children),
        *(f"temporary file {path.name}" for path in temporary.iterdir()),
    ]
    assert not left, f"the tests left behind: {', '.join(left)}"


def _running(threads: set[threading.Thread]) -> list[threading.Thread]:
    for thread in threads:
        thread.join(THREAD_GRACE_S)
    return [thread for thread in threads if thread.is_alive()]


def _child_processes() -> set[int]:
    """Return the pids of this process's children, where the system tells them."""
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    found = {int(pid) for path in listed for pid in path.read_text().split()}
    # It serves multiprocessing, and ends with this process.
    return found - {getattr(multiprocessing.resource_tracker._resource_tracker, "_pid", None)}


def _command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


class SkipPolicy:
    """Makes a session fail whose skips are not all allowed.

    Args:
        allowed: patterns of test ids, as `fnmatch` knows them.
    """

    def __init__(self, allowed: list[str]) -> None:
        self.allowed = allowed
        self.refused: list[tuple[str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._judge(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._judge(report)

    def _judge(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        if not any(fnmatch.fnmatchcase(report.nodeid, pattern) for pattern in self.allowed):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.refused.append((report.nodeid, reason))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.refused and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.refused:
            return
        terminalreporter.section("skipped, but not allowed to be", red=True)
        for test_id, reason in self.refused:
            terminalreporter.line(f"{test_id}: {reason}")
        terminalreporter.line(f"In CI a skip fails unless it stands in {ALLOWED_SKIPS.name}.")


def read_allowed_skips(text: str) -> list[str]:
    """Return the patterns of lines `pattern: reason`; `#` begins a comment.

    Raises:
        ValueError: a line gives no reason.
    """
    patterns = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pattern, _, reason = line.partition(": ")
        if not reason.strip():
            raise ValueError(f"{ALLOWED_SKIPS.name}: {line!r} gives no reason after ': '")
        patterns.append(pattern.strip())
    return patterns


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    if os.environ.get("CI") == "true" and not is_worker:
        allowed = read_allowed_skips(ALLOWED_SKIPS.read_text(encoding="utf-8"))
        config.pluginmanager.register(SkipPolicy(allowed), "skip-policy")
