import pytest

from cvat_hub.media.errors import MediaError
from cvat_hub.media.names import in_order, is_companion, kind_of, safe_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", "a.jpg"),
        ("folder/b.jpg", "folder/b.jpg"),
        ("folder\\b.jpg", "folder/b.jpg"),
        ("ü ж 写.png", "ü ж 写.png"),
        ("..a/b..jpg", "..a/b..jpg"),
        ("a" * 251 + ".jpg", "a" * 251 + ".jpg"),
    ],
)
def test_a_relative_name_is_safe(name: str, expected: str) -> None:
    assert safe_name(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "\\\\server\\share",
        "C:\\a.jpg",
        "c:a.jpg",
        "..",
        "../a.jpg",
        "a/../../b.jpg",
        "a\\..\\b.jpg",
        "a/./b.jpg",
        "a//b.jpg",
        "a/",
        "a\0.jpg",
        "a\n.jpg",
        "\ud800.jpg",
        "a" * 252 + ".jpg",
        "ü" * 128 + ".jpg",
        "/".join(["aaaaaaa"] * 150),
    ],
)
def test_a_name_that_leaves_its_folder_or_cannot_be_a_file_is_refused(name: str) -> None:
    with pytest.raises(MediaError, match="file name"):
        safe_name(name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.JPG", "image"),
        ("a.webp", "image"),
        ("a.b/c.Mp4", "video"),
        ("a.zip", "zip"),
        ("a.pdf", "unsupported"),
        ("a.pcd", "unsupported"),
        ("a", "unsupported"),
        (".jpg", "unsupported"),
    ],
)
def test_the_suffix_tells_the_kind(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("name", "companion"),
    [
        ("__MACOSX/a/._b.jpg", True),
        ("a/.DS_Store", True),
        ("a/Thumbs.db", True),
        ("labels/a.txt", True),
        ("annotations.json", True),
        ("a/b.jpg", False),
        ("a/b.heic", False),
    ],
)
def test_labels_and_litter_in_a_zip_are_passed_over(name: str, companion: bool) -> None:
    assert is_companion(name) is companion


ARRIVED = ["b10.jpg", "b9.jpg", "a/1.jpg", "B1.jpg"]


@pytest.mark.parametrize(
    ("method", "predefined", "expected"),
    [
        ("lexicographical", None, ["B1.jpg", "a/1.jpg", "b10.jpg", "b9.jpg"]),
        ("natural", None, ["B1.jpg", "a/1.jpg", "b9.jpg", "b10.jpg"]),
        ("random", None, ["b9.jpg", "b10.jpg", "a/1.jpg", "B1.jpg"]),
        ("predefined", None, ARRIVED),
        ("predefined", ["B1.jpg", "b9.jpg", "a\\1.jpg", "b10.jpg"], None),
    ],
)
def test_names_come_in_the_order_asked_for(
    method: str, predefined: list[str] | None, expected: list[str] | None
) -> None:
    expected = expected or ["B1.jpg", "b9.jpg", "a/1.jpg", "b10.jpg"]
    assert in_order(ARRIVED, method, predefined, list.reverse) == expected


@pytest.mark.parametrize("names", [["1a", "a1"], ["1", "01"], ["a", "1"], ["²", "2"]])
def test_natural_order_compares_any_names(names: list[str]) -> None:
    assert sorted(in_order(names, "natural", None, list.reverse)) == sorted(names)


@pytest.mark.parametrize(
    ("method", "predefined", "message"),
    [
        ("alphabetical", None, "'alphabetical' is not one of lexicographical"),
        ("predefined", [], "does not name the uploaded 'B1.jpg', 'a/1.jpg', 'b10.jpg' and 1 more"),
        ("predefined", [*ARRIVED, "c.jpg"], "names 'c.jpg', not uploaded"),
        ("predefined", [*ARRIVED, "B1.jpg"], "names a file twice"),
        ("predefined", ["../a.jpg"], "file name"),
    ],
)
def test_an_order_that_does_not_fit_the_files_is_refused(
    method: str, predefined: list[str] | None, message: str
) -> None:
    with pytest.raises(MediaError, match=message):
        in_order(ARRIVED, method, predefined, list.reverse)
