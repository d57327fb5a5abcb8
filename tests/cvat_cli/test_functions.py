from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cvat_cli import functions
from cvat_cli.errors import CommandError
from cvat_sdk.exceptions import BadFunctionError

Write = Callable[[str, str], Path]

DIRECT = "spec = 'the spec'\ndef detect(context, image): return []\n"
MADE = """
import dataclasses

@dataclasses.dataclass
class Function:
    size: int = 1
    name: str = ""
    spec: str = "the spec"

def create(size: int = 1, *, name: str = "x"):
    return Function(size, name)
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x=int:3", ("x", 3)),
        ("x=int:-3", ("x", -3)),
        ("x=float:1e-3", ("x", 0.001)),
        ("x=str:a=b:c", ("x", "a=b:c")),
        ("x=str:", ("x", "")),
        *((f"x=bool:{word}", ("x", True)) for word in ("1", "t", "True", "yes", "Y", "on")),
        *((f"x=bool:{word}", ("x", False)) for word in ("0", "f", "FALSE", "no", "n", "off")),
        ("x", "'x' is not NAME=TYPE:VALUE"),
        ("x=", "is not NAME=TYPE:VALUE"),
        ("x=int", "is not NAME=TYPE:VALUE"),
        ("=int:3", "is not NAME=TYPE:VALUE"),
        ("x=list:1", "'list' is not a type; it is one of int, float, str, bool"),
        ("x=Int:1", "'Int' is not a type"),
        ("x=int:1e3", "'1e3' is not of type int"),
        ("x=int:", "'' is not of type int"),
        ("x=float:many", "'many' is not of type float"),
        ("x=bool:maybe", "'maybe' is not of type bool"),
    ],
)
def test_a_parameter_is_a_name_a_type_and_a_value(text: str, expected: Any) -> None:
    if isinstance(expected, tuple):
        name, value = functions.parse_parameter(text)
        assert (name, value, type(value)) == (*expected, type(expected[1]))
    else:
        with pytest.raises(argparse.ArgumentTypeError, match=expected):
            functions.parse_parameter(text)


def parse(*args: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    functions.add_arguments(parser)
    return parser.parse_args(args)


def test_a_module_with_a_spec_is_a_function(write: Write) -> None:
    write("fn_direct.py", DIRECT)
    assert functions.load(parse("--function-module", "fn_direct")).spec == "the spec"


def test_a_file_with_a_spec_is_a_function(write: Write) -> None:
    path = write("fn.py", DIRECT)
    assert functions.load(parse("--function-file", str(path))).spec == "the spec"


def test_create_gets_the_parameters(write: Write) -> None:
    path = write("fn.py", MADE)
    args = parse("--function-file", str(path), "-p", "size=int:4", "-p", "name=str:n")
    assert (functions.load(args).size, functions.load(args).name) == (4, "n")


@pytest.mark.parametrize(
    ("text", "parameters", "error", "message"),
    [
        ("x = 1", (), BadFunctionError, "the module has no 'spec' attribute"),
        ("def create(): return 5", (), BadFunctionError, r"what create\(\) returns has no 'spec'"),
        (DIRECT, ("-p", "a=int:1"), CommandError, r"takes no parameters: it has no create\(\)"),
        (MADE, ("-p", "sise=int:1"), CommandError, "unexpected keyword argument 'sise'"),
        ("import fn_absent", (), CommandError, "needs the module 'fn_absent'.*PYTHONPATH"),
        ("x = = 1", (), CommandError, "line 1: invalid syntax"),
        ("def create(): raise KeyError('deep')", (), KeyError, "deep"),
    ],
)
def test_a_bad_function_is_refused_with_its_reason(
    write: Write, text: str, parameters: tuple[str, ...], error: type[Exception], message: str
) -> None:
    path = write("fn.py", text)
    with pytest.raises(error, match=message):
        functions.load(parse("--function-file", str(path), *parameters))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (("--function-file", "absent.py"), "absent.py: there is no such file"),
        (("--function-module", "fn_absent"), "there is no module 'fn_absent'"),
        (("--function-module", "fn_absent.deep"), "there is no module 'fn_absent'"),
        (("--function-module", "fn_needy"), "fn_needy needs the module 'fn_absent'"),
        (("--function-module", "..x"), "'..x' is not the name of a module"),
        (("--function-module", ""), "'' is not the name of a module"),
    ],
)
def test_a_function_that_is_not_there_is_named(
    write: Write, source: tuple[str, str], message: str
) -> None:
    write("fn_needy.py", "import fn_absent")
    with pytest.raises(CommandError) as caught:
        functions.load(parse(*source))
    assert message in str(caught.value)
