"""From the words of a command line to the arguments of `register` and `run_agent`."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cvat_cli.__main__
from cvat_cli.functions import Source

Cli = Callable[..., tuple[int, str, str]]
FUNCTION = "spec = 'the spec'\ndef create(size=1, device=None):\n    import types\n"
FUNCTION += "    return types.SimpleNamespace(spec='the spec', size=size, device=device)\n"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """What the agent's package was asked for."""
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    @contextmanager
    def client(*_: object, **kwargs: Any) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(logger=kwargs["logger"])

    def record(name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            calls.append((name, args[1:], options))
            return SimpleNamespace(id=9, name="n")

        return call

    monkeypatch.setattr(cvat_cli.__main__, "logged_in_client", client)
    monkeypatch.setattr("cvat_agent.register", record("register"), raising=False)
    monkeypatch.setattr("cvat_agent.run_agent", record("run_agent"), raising=False)
    return calls


@pytest.fixture
def file(write: Callable[[str, str], Path]) -> Path:
    return write("fn.py", FUNCTION)


def test_a_function_is_registered_by_its_spec(cli: Cli, calls: Any, file: Path) -> None:
    code, out, _ = cli("function", "create-native", "my function", "--function-file", file)
    assert (code, out) == (0, "9\n")
    assert calls == [("register", ("my function", "the spec"), {"visibility": "private"})]


def test_a_function_may_be_public(cli: Cli, calls: Any, file: Path) -> None:
    cli("function", "create-native", "n", "--visibility", "public", "--function-file", file)
    assert calls[0][2] == {"visibility": "public"}


DEFAULTS = {
    "burst": False,
    "workers": 1,
    "devices": (),
    "metrics_port": None,
    "frame_bytes": 512 << 20,
    "prepared_bytes": 512 << 20,
    "cache_age_s": 600,
    "call_timeout_s": 600,
}


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {}),
        (["--burst"], {"burst": True}),
        (["--workers", "3"], {"workers": 3}),
        (["--devices", "cuda:0,cuda:1"], {"devices": ("cuda:0", "cuda:1"), "workers": 2}),
        (
            ["--frame-cache", "1", "--prepared-cache", "2"],
            {"frame_bytes": 1 << 20, "prepared_bytes": 2 << 20},
        ),
        (["--cache-age", "5", "--call-timeout", "6"], {"cache_age_s": 5, "call_timeout_s": 6}),
        (["--metrics-port", "9000"], {"metrics_port": 9000}),
        (["--log-format", "json"], {}),
    ],
)
def test_options_become_arguments(
    cli: Cli, calls: Any, file: Path, words: list[str], options: dict[str, Any]
) -> None:
    assert cli("function", "run-agent", 7, "--function-file", file, *words)[0] == 0
    assert calls == [("run_agent", (7, Source(file=file)), {**DEFAULTS, **options})]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--workers", "0"], "'0' is not a number from 1 on"),
        (["--devices", "a,"], "'a,' is not a list such as cuda:0,cuda:1"),
    ],
)
def test_wrong_words_are_told(
    cli: Cli, calls: Any, file: Path, words: list[str], message: str
) -> None:
    code, _, err = cli("function", "run-agent", 7, "--function-file", file, *words)
    assert (code, calls) == (2, [])
    assert message in err


def test_another_process_can_load_the_function(file: Path) -> None:
    source = pickle.loads(pickle.dumps(Source(file=file, parameters=(("size", 4),))))
    made = source("cuda:1")
    assert (made.size, made.device) == (4, "cuda:1")
    assert source(None).device is None
