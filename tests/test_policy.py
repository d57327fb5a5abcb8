"""The rules of tests/conftest.py, on suites made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite of its own, under the rules of this one."""
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    (pytester.path / "allowed-skips.txt").write_text("*::test_old*: it is old\n")
    monkeypatch.setenv("CI", "true")
    return pytester


def run(suite: pytest.Pytester, *args: str) -> pytest.RunResult:
    return suite.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:hypothesispytest", *args)


SKIP = "import pytest\ndef {name}(): pytest.skip('no tool')\ndef test_good(): pass\n"


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "workers"])
def test_in_ci_a_skip_fails_unless_it_is_allowed(
    suite: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    suite.makepyfile(SKIP.format(name="test_odd"))
    result = run(suite, *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*::test_odd: Skipped: no tool"])


def test_in_ci_an_allowed_skip_passes(suite: pytest.Pytester) -> None:
    suite.makepyfile(SKIP.format(name="test_old_one"))
    assert run(suite).ret == pytest.ExitCode.OK


def test_in_ci_a_module_is_not_skipped_either(suite: pytest.Pytester) -> None:
    suite.makepyfile("import pytest\npytest.importorskip('no_such_module')\n")
    result = run(suite)
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*could not import 'no_such_module'*"])


def test_elsewhere_a_skip_passes(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI")
    suite.makepyfile(SKIP.format(name="test_odd"))
    assert run(suite).ret == pytest.ExitCode.OK


def test_a_reason_is_needed(suite: pytest.Pytester) -> None:
    (suite.path / "allowed-skips.txt").write_text("tests/test_a.py::*\n")
    result = run(suite)
    assert result.ret != pytest.ExitCode.OK
    result.stderr.fnmatch_lines(["*gives no reason after ': '*"])


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("import tempfile; tempfile.mkdtemp(prefix='odd-')", "temporary file odd-*"),
        ("KEPT.append(subprocess.Popen(['cat'], stdin=subprocess.PIPE))", "process *"),
        (
            "threading.Thread(target=threading.Event().wait, daemon=True, name='odd').start()",
            "thread odd",
        ),
    ],
    ids=["file", "process", "thread"],
)
def test_what_is_left_behind_is_named(suite: pytest.Pytester, code: str, left: str) -> None:
    suite.makepyfile(f"import subprocess, threading\nKEPT = []\ndef test_leaves(): {code}\n")
    result = run(suite)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"*the tests left behind: {left}*"])
