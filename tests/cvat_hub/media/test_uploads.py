from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from cvat_hub.media import MediaError, UploadConflict, UploadFolder


def contents(uploads: UploadFolder) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in uploads.paths().items()}


class Broken(BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


def cut_off(*chunks: bytes) -> Iterator[bytes]:
    yield from chunks
    raise ConnectionResetError


def test_nothing_has_arrived_in_a_folder_that_is_not_there(uploads: UploadFolder) -> None:
    assert uploads.files() == []


def test_whole_files_are_listed_in_the_order_of_arrival(uploads: UploadFolder) -> None:
    assert uploads.save("b.jpg", BytesIO(b"bb")) == 2
    assert uploads.save("folder/a.jpg", BytesIO(b"a")) == 1
    assert contents(uploads) == {"b.jpg": b"bb", "folder/a.jpg": b"a"}
    assert UploadFolder(uploads.path).files() == ["b.jpg", "folder/a.jpg"]


def test_a_file_sent_again_takes_the_place_of_the_first(uploads: UploadFolder) -> None:
    uploads.save("a.jpg", BytesIO(b"old"))
    uploads.save("b.jpg", BytesIO(b"b"))
    uploads.save("a.jpg", BytesIO(b"new"))
    assert contents(uploads) == {"a.jpg": b"new", "b.jpg": b"b"}


def test_a_file_whose_stream_breaks_off_leaves_nothing(uploads: UploadFolder) -> None:
    with pytest.raises(ConnectionResetError):
        uploads.save("a.jpg", Broken())
    assert uploads.files() == []
    assert list(uploads.path.iterdir()) == []


@pytest.mark.parametrize("name", ["../a.jpg", "/a.jpg", ""])
def test_an_unsafe_name_is_refused_and_nothing_is_written(uploads: UploadFolder, name: str) -> None:
    with pytest.raises(MediaError, match="file name"):
        uploads.save(name, BytesIO(b"a"))
    with pytest.raises(MediaError, match="file name"):
        uploads.start(name, 1)
    assert not uploads.path.exists()


@pytest.mark.parametrize("length", [0, -1])
def test_a_file_in_pieces_has_at_least_one_byte(uploads: UploadFolder, length: int) -> None:
    with pytest.raises(MediaError, match="1 byte or more"):
        uploads.start("a.mp4", length)


def test_a_file_arrives_in_pieces_cut_anywhere(uploads: UploadFolder) -> None:
    body = b"0123456789"
    for cut in range(1, len(body)):
        file_id = uploads.start(f"{cut}.mp4", len(body))
        assert uploads.append(file_id, 0, [body[:cut]]) == cut
        assert f"{cut}.mp4" not in uploads.files()
        # A hub that was started anew goes on where the other one ended.
        again = UploadFolder(uploads.path)
        assert again.offset(file_id) == (cut, len(body))
        assert again.append(file_id, cut, [body[cut:]]) == len(body)
        assert again.offset(file_id) == (len(body), len(body))
        assert contents(uploads)[f"{cut}.mp4"] == body


def test_what_came_before_the_line_broke_is_kept(uploads: UploadFolder) -> None:
    file_id = uploads.start("a.mp4", 6)
    with pytest.raises(ConnectionResetError):
        uploads.append(file_id, 0, cut_off(b"ab", b"cd"))
    assert uploads.offset(file_id) == (4, 6)
    assert uploads.append(file_id, 4, [b"ef"]) == 6
    assert contents(uploads) == {"a.mp4": b"abcdef"}


@pytest.mark.parametrize("offset", [0, 1, 3, 4, 100])
def test_an_offset_that_does_not_fit_changes_nothing(uploads: UploadFolder, offset: int) -> None:
    file_id = uploads.start("a.mp4", 4)
    uploads.append(file_id, 0, [b"ab"])
    with pytest.raises(UploadConflict, match=f"continues at byte 2, not {offset}"):
        uploads.append(file_id, offset, [b"x"])
    assert uploads.offset(file_id) == (2, 4)


def test_more_bytes_than_announced_are_refused_and_none_is_kept(uploads: UploadFolder) -> None:
    file_id = uploads.start("a.mp4", 4)
    uploads.append(file_id, 0, [b"ab"])
    with pytest.raises(MediaError, match="more than the announced 4 bytes"):
        uploads.append(file_id, 2, [b"c", b"de"])
    assert uploads.offset(file_id) == (2, 4)
    assert uploads.files() == []


def test_two_requests_do_not_write_one_file_at_once(uploads: UploadFolder) -> None:
    file_id = uploads.start("a.mp4", 4)

    def chunks() -> Iterator[bytes]:
        with pytest.raises(UploadConflict, match="another request"):
            uploads.append(file_id, 0, [b"xx"])
        yield b"abcd"

    assert uploads.append(file_id, 0, chunks()) == 4
    assert contents(uploads) == {"a.mp4": b"abcd"}


@pytest.mark.parametrize("file_id", ["", "0" * 32, "../arrived", "../../etc/passwd", "é" * 32])
def test_an_upload_that_was_never_started_is_unknown(uploads: UploadFolder, file_id: str) -> None:
    with pytest.raises(KeyError):
        uploads.offset(file_id)
    with pytest.raises(KeyError):
        uploads.append(file_id, 0, [b""])


def test_a_kill_before_the_last_note_is_mended_when_the_client_asks(
    uploads: UploadFolder,
) -> None:
    file_id = uploads.start("a.mp4", 2)
    (uploads.path / f"{file_id}.bin").write_bytes(b"ab")
    assert uploads.files() == []
    assert uploads.offset(file_id) == (2, 2)
    assert uploads.files() == ["a.mp4"]
    assert uploads.append(file_id, 2, []) == 2
    assert uploads.files() == ["a.mp4"]


def test_a_note_cut_off_by_a_kill_hides_no_other(uploads: UploadFolder, tmp_path: Path) -> None:
    uploads.save("a.jpg", BytesIO(b"a"))
    journal = uploads.path / "arrived.jsonl"
    whole = journal.read_bytes()
    for cut in range(len(whole) + 1):
        journal.write_bytes(whole[:cut])
        uploads.save("b.jpg", BytesIO(b"b"))
        assert uploads.files()[-1] == "b.jpg"
        assert set(uploads.files()) <= {"a.jpg", "b.jpg"}
