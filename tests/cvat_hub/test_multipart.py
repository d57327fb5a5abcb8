"""Multipart bodies, cut anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cvat_hub.errors import BadRequest
from cvat_hub.multipart import Part, parts

TYPE = "multipart/form-data; boundary=b0"
BODY = (
    b'--b0\r\nContent-Disposition: form-data; name="quality"\r\n\r\n70\r\n'
    b'--b0\r\nContent-Disposition: form-data; name="f[0]"; filename="a.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n\x00--b\r\n--b1\xff\r\n"
    b'--b0\r\nContent-Disposition: form-data; name="f[1]"; filename="\xc3\xa9.jpg"\r\n\r\n\r\n'
    b"--b0--\r\n"
)
PARTS = [
    ("quality", None, b"70"),
    ("f[0]", "a.jpg", b"\x00--b\r\n--b1\xff"),
    ("f[1]", "é.jpg", b""),
]


def _read(chunks: Sequence[bytes]) -> list[tuple[str, str | None, bytes]]:
    found = parts(TYPE, iter([chunk for chunk in chunks if chunk]))
    return [(part.name_in_form, part.filename, part.readall()) for part in found]


def test_a_body_may_be_cut_anywhere() -> None:
    for cut in range(len(BODY) + 1):
        assert _read([BODY[:cut], BODY[cut:]]) == PARTS
    assert _read([bytes([byte]) for byte in BODY]) == PARTS


def test_a_body_that_ends_early_is_refused() -> None:
    for end in range(len(BODY) - len(b"--\r\n")):
        with pytest.raises(BadRequest):
            _read([BODY[:end]])


def test_a_part_may_be_read_in_small_pieces() -> None:
    pieces = [_in_threes(part) for part in parts(TYPE, iter([BODY]))]
    assert pieces[1] == [b"\x00--", b"b\r\n", b"--b", b"1\xff"]


def _in_threes(part: Part) -> list[bytes | None]:
    return list(iter(lambda: part.read(3), b""))


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", "multipart/mixed; boundary=b0"]
)
def test_a_body_of_another_type_is_refused(kind: str) -> None:
    with pytest.raises(BadRequest):
        parts(kind, iter([BODY]))


def test_endless_headers_are_refused() -> None:
    endless = b"--b0\r\nX: " + b"x" * 20_000
    with pytest.raises(BadRequest):
        _read([endless])


def test_many_parts_may_come_at_once() -> None:
    part = b'--b0\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\nx\r\n'
    assert _read([part * 1000 + b"--b0--\r\n"]) == [("f", "a.jpg", b"x")] * 1000
