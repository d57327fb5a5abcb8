"""Auto-annotation functions on the command line: their arguments, and how they are loaded."""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from cvat_cli.errors import CommandError
from cvat_sdk.exceptions import BadFunctionError

_TRUE = frozenset({"1", "t", "true", "y", "yes", "on"})
_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})
_FILE_MODULE = "__cvat_function__"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments that name a function."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--function-module", metavar="MODULE", help="name of an importable module: the function"
    )
    source.add_argument(
        "--function-file", metavar="PATH", type=Path, help="Python file that is the function"
    )
    parser.add_argument(
        "-p",
        "--function-parameter",
        metavar="NAME=TYPE:VALUE",
        type=parse_parameter,
        action="append",
        default=[],
        dest="function_parameters",
        help="argument for the function's create(); TYPE is int, float, str or bool; repeatable",
    )


def load(arguments: argparse.Namespace) -> Any:
    """Return the function that the arguments name: a module, or what its `create` returns.

    Raises:
        What calling a `Source` raises.
    """
    return source_of(arguments)(None)


def source_of(arguments: argparse.Namespace) -> Source:
    """Return where the function is that the arguments name."""
    file = arguments.function_file and arguments.function_file.absolute()
    parameters = tuple(arguments.function_parameters)
    return Source(arguments.function_module, file, parameters)


@dataclass(frozen=True)
class Source:
    """Where a function is, and what it is made with; another process can load it too."""

    module: str | None = None
    file: Path | None = None
    parameters: tuple[tuple[str, Any], ...] = ()

    def __call__(self, device: str | None) -> Any:
        """Return the function: a module, or what its `create` returns.

        Args:
            device: given to `create` as a further parameter.

        Raises:
            CommandError: the module is not there, breaks when it runs, or does not take the
                parameters.
            BadFunctionError: what it gives is not a function.
        """
        given = dict(self.parameters)
        if device is not None:
            given["device"] = device
        if self.file is not None:
            return _function_of(str(self.file), _run_file(self.file), given)
        assert self.module is not None
        return _function_of(self.module, _import(self.module), given)


def _function_of(where: str, module: ModuleType, parameters: dict[str, Any]) -> Any:
    function = _create(where, module, parameters)
    if not hasattr(function, "spec"):
        made_by = "what create() returns" if hasattr(module, "create") else "the module"
        raise BadFunctionError(
            f"{where}: {made_by} has no 'spec' attribute; "
            "a function is a module with spec and detect, or one with create()"
        )
    return function


def parse_parameter(text: str) -> tuple[str, Any]:
    """Return name and value of a parameter.

    >>> parse_parameter("size=int:640")
    ('size', 640)

    Raises:
        argparse.ArgumentTypeError: it is not NAME=TYPE:VALUE, or VALUE is not of the type.
    """
    name, equals, typed = text.partition("=")
    kind, colon, value = typed.partition(":")
    if not (name and equals and colon):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=TYPE:VALUE, as in size=int:640")
    if kind not in _PARAMETER_TYPES:
        raise argparse.ArgumentTypeError(
            f"{text!r}: {kind!r} is not a type; it is one of {', '.join(_PARAMETER_TYPES)}"
        )
    try:
        return name, _PARAMETER_TYPES[kind](value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: {value!r} is not of type {kind}") from None


def _parse_bool(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(text)


_PARAMETER_TYPES: Mapping[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": _parse_bool,
}


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise CommandError(_missing(name, error)) from error
    except (ValueError, TypeError) as error:
        raise CommandError(f"{name!r} is not the name of a module") from error


def _run_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise CommandError(f"{path}: there is no such file")
    loader = importlib.machinery.SourceFileLoader(_FILE_MODULE, str(path.resolve()))
    spec = importlib.util.spec_from_loader(_FILE_MODULE, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    # Data classes and pickle look their module up by its name.
    sys.modules[_FILE_MODULE] = module
    try:
        loader.exec_module(module)
    except ModuleNotFoundError as error:
        raise CommandError(_missing(str(path), error)) from error
    except SyntaxError as error:
        raise CommandError(f"{path}, line {error.lineno}: {error.msg}") from error
    return module


def _missing(where: str, error: ModuleNotFoundError) -> str:
    absent = f"{where}.".startswith(f"{error.name}.")
    problem = "there is no module" if absent else f"{where} needs the module"
    return f"{problem} {error.name!r}: install it or, if it is yours, put its folder in PYTHONPATH"


def _create(where: str, module: ModuleType, parameters: dict[str, Any]) -> Any:
    create = getattr(module, "create", None)
    if create is None:
        if parameters:
            raise CommandError(f"{where} takes no parameters: it has no create()")
        return module
    try:
        inspect.signature(create).bind(**parameters)
    except TypeError as error:
        raise CommandError(f"{where}: create{inspect.signature(create)}: {error}") from error
    return create(**parameters)
