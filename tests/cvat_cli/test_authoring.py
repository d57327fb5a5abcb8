from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest

Cli = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str], Path]

GOOD = """
import cvat_sdk.auto_annotation as cvataa
spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("a", 1)])
def detect(context, image):
    return [cvataa.rectangle(1, [1, 1, image.width, image.height], score=1)]
"""
BAD = GOOD.replace("rectangle(1,", "rectangle(2,")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    PIL.Image.new("RGB", (60, 40), "gray").save(path)
    return path


def test_check_says_that_all_is_well(cli: Cli, write: Write, image: Path) -> None:
    code, out, err = cli("function", "check", "--function-file", write("fn.py", GOOD), image)
    assert (code, out, err) == (0, "the function keeps the rules, tried on 1 images\n", "")


def test_check_says_what_is_wrong_and_fails(cli: Cli, write: Write) -> None:
    code, out, err = cli("function", "check", "--function-file", write("fn.py", BAD))
    assert code == 1
    assert "error: detect: frame 0 ('drawn-0.png'), annotation 0" in out
    assert "unknown label ID (2)" in out
    assert "  and 1 more like these\n" in out
    assert err == "cvat-cli: error: the function breaks rules: 3 found\n"


@pytest.mark.parametrize("content", [None, b"no image"])
def test_what_is_no_image_is_named(
    cli: Cli, write: Write, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "x.png"
    if content:
        path.write_bytes(content)
    code, _, err = cli("function", "check", "--function-file", write("fn.py", GOOD), path)
    assert code == 1
    assert str(path) in err
