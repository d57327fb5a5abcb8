"""The arrows of ARCHITECTURE.md: who may import whom, and what an import may cost."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"

VOCABULARY = {"models", "shapes", "masks", "attributes", "exceptions", "version"}
MAY_IMPORT: dict[str, set[str]] = {
    "cvat_sdk": {"cvat_sdk"},
    "cvat_agent": {"cvat_agent", "cvat_sdk"},
    "cvat_hub": {"cvat_hub", *(f"cvat_sdk.{part}" for part in VOCABULARY)},
    "cvat_cli": {"cvat_cli", "cvat_sdk", "cvat_agent", "cvat_hub"},
}


def module_name(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(SRC.rglob("*.py"))}


def statements(tree: ast.AST, *, at_import_only: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports of a module: all of them, or those that run when it is imported."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif at_import_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        elif at_import_only and isinstance(node, ast.If) and is_type_checking(node.test):
            for part in node.orelse:
                yield from statements(part, at_import_only=True)
        else:
            yield from statements(node, at_import_only=at_import_only)


def is_type_checking(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in {getattr(test, "id", None), getattr(test, "attr", None)}


def imported(module: str, *, at_import_only: bool) -> set[str]:
    """Return the modules that a module of ours imports; names inside modules are left out."""
    found: set[str] = set()
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for statement in statements(tree, at_import_only=at_import_only):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
            continue
        source = absolute(module, statement)
        for alias in statement.names:
            part = f"{source}.{alias.name}"
            found.add(part if part in MODULES else source)
    return found


def absolute(module: str, statement: ast.ImportFrom) -> str:
    if statement.level == 0:
        return statement.module or ""
    is_package = MODULES[module].name == "__init__.py"
    package = module.split(".")[: None if is_package else -1]
    above = package[: len(package) - (statement.level - 1)]
    return ".".join([*above, *([statement.module] if statement.module else [])])


def is_within(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_room_may(module: str) -> None:
    allowed = MAY_IMPORT[module.partition(".")[0]]
    ours = {
        name for name in imported(module, at_import_only=False) if name.split(".")[0] in MAY_IMPORT
    }
    assert {name for name in ours if not any(is_within(name, room) for room in allowed)} == set()


def test_there_is_no_circle_of_imports() -> None:
    graph = {
        module: (imported(module, at_import_only=True) & set(MODULES)) - {module}
        for module in MODULES
    }
    graphlib.TopologicalSorter(graph).prepare()


HEAVY = {
    *("numpy", "torch", "PIL", "av", "onnxruntime", "shapely", "tqdm", "urllib3"),
    *("starlette", "sqlalchemy", "uvicorn", "alembic"),
}


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("cvat_sdk", HEAVY),
        ("cvat_sdk.models", HEAVY),
        ("cvat_sdk.auto_annotation", HEAVY),
        ("cvat_sdk.core.client", HEAVY - {"urllib3"}),
        ("cvat_agent", HEAVY),
        ("cvat_cli.__main__", HEAVY - {"urllib3"}),
        ("cvat_hub.settings", HEAVY),
    ],
)
def test_importing_is_cheap(module: str, without: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert without & set(loaded) == set()
