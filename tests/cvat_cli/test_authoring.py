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


def test_preview_draws_and_tells_how_much(
    cli: Cli, write: Write, image: Path, tmp_path: Path
) -> None:
    file, out_dir = write("fn.py", GOOD), tmp_path / "deep" / "out"
    code, out, err = cli("function", "preview", "--function-file", file, image, "--out", out_dir)
    assert (code, out, err) == (0, f"1 annotations on 1 images: {out_dir}\n", "")
    assert (out_dir / "photo.png").is_file()


def test_preview_names_an_image_that_failed(
    cli: Cli, write: Write, image: Path, tmp_path: Path
) -> None:
    file = write("fn.py", BAD)
    code, _, err = cli("function", "preview", "--function-file", file, image, "--out", tmp_path)
    assert code == 1
    assert "1 images failed, the first photo.png: bad function" in err


def test_bench_prints_a_line_for_each_size(cli: Cli, write: Write, image: Path) -> None:
    text = f"{GOOD}\ndef detect_batch(contexts, images):\n    return [[] for _ in images]\n"
    code, out, err = cli(
        *("function", "bench", "--function-file", write("fn.py", text), image),
        *("--batch-sizes", "1,3"),
    )
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in lines[:3]] == ["batch", "1", "3"]
    assert lines[3].startswith("peak memory, cpu: ")


@pytest.mark.parametrize("command", ["bench", "preview"])
def test_other_kinds_of_functions_are_refused(
    cli: Cli, write: Write, image: Path, tmp_path: Path, command: str
) -> None:
    text = """
import cvat_sdk.auto_annotation as cvataa
spec = cvataa.TrackingFunctionSpec(supported_shape_types={"rectangle"})
"""
    more = ("--out", tmp_path) if command == "preview" else ()
    code, _, err = cli("function", command, "--function-file", write("fn.py", text), image, *more)
    assert code == 1
    assert "this is no detection function" in err


@pytest.mark.parametrize("sizes", ["", "0", "1,,2", "a", "-1"])
def test_sizes_of_batches_are_numbers_from_1_on(cli: Cli, sizes: str) -> None:
    code, _, err = cli("function", "bench", "--function-module", "x", f"--batch-sizes={sizes}")
    assert code == 2
    assert "is not a list of numbers" in err
