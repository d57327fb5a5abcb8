from __future__ import annotations

import pytest

from cvat_agent.wakeups import StreamError, StreamEvent, StreamParser


@pytest.mark.parametrize(
    ("wire", "events"),
    [
        (b"event: a\ndata: 1\n\n", [StreamEvent("a", "1")]),
        (b"data: 1\n\n", [StreamEvent("message", "1")]),
        (b"event:a\ndata:1\n\n", [StreamEvent("a", "1")]),
        (b"event: a\r\ndata: 1\r\ndata: 2\r\n\r\nx", [StreamEvent("a", "1\n2")]),
        (b"event: a\rdata: 1\r\rx", [StreamEvent("a", "1")]),
        (b"\xef\xbb\xbfevent: a\ndata: 1\n\n", [StreamEvent("a", "1")]),
        (b"data:  two spaces\n\n", [StreamEvent("message", " two spaces")]),
        (b": a comment\n\n", []),
        (b"retry: 50\n: and a comment\n\n", []),
        (b"event: without data\n\ndata: 1\n\n", [StreamEvent("message", "1")]),
        (b"data: unfinished\n", []),
        (b"unknown: x\ndata: \xff\n\n", [StreamEvent("message", "\ufffd")]),
    ],
)
def test_a_stream_says_the_same_wherever_it_is_cut(wire: bytes, events: list[StreamEvent]) -> None:
    for cut in range(len(wire) + 1):
        parser = StreamParser()
        assert parser.feed(wire[:cut]) + parser.feed(wire[cut:]) == events


@pytest.mark.parametrize(("line", "expected"), [(b"retry: 50\n", 50), (b"retry: soon\n", None)])
def test_the_server_may_ask_to_be_left_alone(line: bytes, expected: int | None) -> None:
    parser = StreamParser()
    parser.feed(line)
    assert parser.retry_ms == expected


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    parser = StreamParser()
    for _ in range(16):
        parser.feed(b"x" * (1 << 16))
    with pytest.raises(StreamError):
        parser.feed(b"x")
