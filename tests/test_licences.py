"""Every dependency has a licence that stands in licences.txt, and so has each shipped weight."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).with_name("licences.txt")


def listed() -> dict[str, str]:
    """Return the licences of the list, by what has them."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(": ", 1) for line in lines if line.strip() and not line.startswith("#"))
    return {name.strip(): licence.strip() for name, licence in pairs}


def required() -> set[str]:
    """Return the installed distributions that this one needs, with all extras, and theirs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    left = [Requirement(text) for texts in (project["dependencies"], *extras) for text in texts]
    found: set[str] = set()
    while left:
        need = left.pop()
        name = canonicalize_name(need.name)
        if name in found and not need.extras:
            continue
        try:
            theirs = map(Requirement, metadata.requires(name) or ())
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        left += [their for their in theirs if is_wanted(their, {"", *need.extras})]
    return found


def is_wanted(need: Requirement, extras: set[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)


def licence_of(name: str) -> str:
    """Return what a distribution says of its licence, as short as it says it."""
    told = metadata.metadata(name)
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in told.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    short = (told.get("License") or "").strip().splitlines()[:1]
    return told.get("License-Expression") or "; ".join(classifiers) or "".join(short) or "unknown"


@pytest.mark.parametrize("name", sorted(required()))
def test_a_dependency_has_the_licence_that_is_listed(name: str) -> None:
    assert listed().get(name) == licence_of(name), f"look at it, then write it into {LIST.name}"


WEIGHTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "src").rglob("*")
    if path.suffix in {".onnx", ".pt", ".pth", ".safetensors", ".bin"}
)


@pytest.mark.parametrize("path", WEIGHTS)
def test_shipped_weights_have_the_licence_that_is_listed(path: str) -> None:
    notice = (ROOT / path).with_name("NOTICE").read_text(encoding="utf-8")
    licence = listed().get(path)
    assert licence
    assert re.search(
        licence.replace("-", "[- ]").replace("2.0", r"(License, )?(Version )?2\.0"), notice
    )


def test_no_licence_binds_those_who_use_the_package() -> None:
    # The lesser ones don't, for libraries that are used as they are.
    assert {name for name, licence in listed().items() if re.search(r"\bA?GPL", licence)} == set()
