"""README and docs are code: their blocks run, in order, as a reader would run them.

`bash` blocks share their variables. A `cvat-hub serve` or `make serve` starts a real hub, whose
port takes the place of 8080. Other `make` targets are only looked up. A `python` block with a file
name after the word is written to that file; one without is run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    "README.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVE = re.compile(r"^(?:cvat-hub serve --data-dir (\S+)|make serve)$")
DOCUMENTED_URL = "http://localhost:8080"


@dataclass(frozen=True)
class Block:
    language: str
    file: str
    text: str


def blocks_of(document: str) -> Iterator[Block]:
    for found in BLOCK.finditer((ROOT / document).read_text(encoding="utf-8")):
        yield Block(*found.groups())


class Reader:
    """Somebody who types what a document says."""

    def __init__(self, folder: Path, start_hub: Callable[..., Any]) -> None:
        self.folder = folder
        self.url = ""
        self._start_hub = start_hub
        self._variables = folder / ".variables"
        self._variables.touch()
        programs = folder / ".programs"
        programs.mkdir()
        for name in ("cvat-cli", "cvat-hub"):
            module = name.replace("-", "_")
            (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
            (programs / name).chmod(0o755)
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / "examples").symlink_to(ROOT / "examples")
        self._environment = {
            **{name: value for name, value in os.environ.items() if name != "PASS"},
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT / 'src'}:{folder}",
            "XDG_CACHE_HOME": str(folder / ".cache"),
            "XDG_CONFIG_HOME": str(folder / ".config"),
            "XDG_STATE_HOME": str(folder / ".state"),
        }

    def serve(self, data_dir: str) -> None:
        self.url = self._start_hub(self.folder / data_dir, password=None).url

    def read(self, block: Block) -> None:
        text = block.text.replace(DOCUMENTED_URL, self.url)
        match block.language:
            case "bash" if served := SERVE.match(text.strip()):
                self.serve(served[1] or ".hub")
            case "bash":
                self.run("bash", "-euc", self._script(text))
            case "python" if block.file:
                (self.folder / block.file).write_text(text, encoding="utf-8")
            case "python":
                self.run("bash", "-euc", '. .variables; exec "$0" -c "$1"', sys.executable, text)
            case "text":
                pass
            case other:
                raise AssertionError(f"nobody knows how to run a block of {other}")

    def run(self, *command: str) -> None:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, f"{command[-1]}\n{done.stdout}\n{done.stderr}"

    def _script(self, text: str) -> str:
        typed = re.sub(r"^make ", f"make --dry-run --silent -C '{ROOT}' ", text, flags=re.MULTILINE)
        return f"set -a; . .variables\n{typed}\nexport -p > .variables"


def needed_by(document: str) -> list[pytest.MarkDecorator]:
    """Return the marks of a document; those of functions with an extra need it."""
    needs_torch = "pip install 'cvat-hub[" in (ROOT / document).read_text(encoding="utf-8")
    return [pytest.mark.torch] if needs_torch and document.startswith("docs/functions/") else []


@pytest.mark.parametrize(
    "document", [pytest.param(name, marks=needed_by(name)) for name in DOCUMENTS]
)
def test_every_block_runs(document: str, tmp_path: Path, start_hub: Callable[..., Any]) -> None:
    blocks = list(blocks_of(document))
    assert (ROOT / document).read_text(encoding="utf-8").count("\n```") == 2 * len(blocks)
    reader = Reader(tmp_path, start_hub)
    if not any(SERVE.match(block.text.strip()) for block in blocks):
        reader.serve("my-hub")
        reader.read(Block("bash", "", "PASS=$(cat my-hub/admin-password.txt)"))
    for block in blocks:
        reader.read(block)


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{document}: {link}"
        for document in [
            *DOCUMENTS,
            "CONTRIBUTING.md",
            "ARCHITECTURE.md",
            "examples/demo/README.md",
        ]
        for link in re.findall(r"\]\(([^):#]+)\)", (ROOT / document).read_text(encoding="utf-8"))
        if not (ROOT / document).parent.joinpath(link).exists()
    ]
    assert broken == []


def test_every_option_of_the_command_line_is_documented() -> None:
    from cvat_cli.__main__ import make_parser

    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    options = {option for parser in parsers_of(make_parser()) for option in options_of(parser)}
    assert {option for option in options if f"`{option}" not in text} == {"-h", "--help"}


def parsers_of(parser: Any) -> Iterator[Any]:
    yield parser
    for action in parser._actions:
        if hasattr(action, "choices") and isinstance(action.choices, dict):
            for inner in action.choices.values():
                yield from parsers_of(inner)


def options_of(parser: Any) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
