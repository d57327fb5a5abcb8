"""From where a shape was seen to the key frames of a track. Pure: no client, no pixels.

Between two key frames servers move rectangles, ellipses, cuboids and single points in a straight
line. Several points stay where they were. Of polygons and polylines they make something of their
own, even if the two are the same, and of masks nothing: those need a key frame wherever they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cvat_sdk.auto_annotation.interface import TrackableShape

# A frame, and where the shape is on it: None if it was not found.
Seen = tuple[int, TrackableShape | None]

# Positions that are so close, in pixels, are the same: servers keep two digits.
_SAME_PX = 1e-3
_STRAIGHT = frozenset({"rectangle", "ellipse", "cuboid"})


class KeyFrame(NamedTuple):
    """Where a shape is from a frame on, or where it was last, if it is `outside` from there on."""

    frame: int
    points: Sequence[float]
    outside: bool = False


def key_frames(
    seen: Iterable[Seen], *, end: int | None = None, is_held: bool = True
) -> list[KeyFrame]:
    """Return the key frames that a track needs to be where a shape was seen.

    Args:
        seen: in ascending order of frames, which may leave out some; on the first one it is there.
        end: from this frame on the track is outside.
        is_held: whether the last position lasts. If not, because another key frame comes after it,
            it always gets a key frame.

    >>> box = lambda x: TrackableShape(type="rectangle", points=[x, 0, x + 9, 9])
    >>> seen = [(0, box(0)), (1, box(1)), (2, box(2)), (3, None), (4, None)]
    >>> [(key.frame, key.outside) for key in key_frames(seen)]
    [(0, False), (2, False), (3, True)]
    """
    found: list[KeyFrame] = []
    for shape_type, run in _runs(seen, end):
        found += _needed(shape_type, run, is_held=is_held)
    return found


def position(shape_type: str, keys: Sequence[KeyFrame], frame: int) -> Sequence[float] | None:
    """Return the points of a track on a frame, None if it is not there.

    Args:
        keys: in ascending order.

    Raises:
        ValueError: it is between two key frames, and servers make of them what they like.
    """
    before = next((key for key in reversed(keys) if key.frame <= frame), None)
    if before is None or before.outside:
        return None
    after = next((key for key in keys if key.frame > frame), None)
    if after is None or before.frame == frame:
        return before.points
    if not (shape_type == "points" or shape_type in _STRAIGHT):
        raise ValueError(
            f"frame {frame} is between the key frames {before.frame} and {after.frame}, where it"
            f" is not known what becomes of a {shape_type}"
        )
    slopes = _slopes(shape_type, before, after) or [0.0] * len(before.points)
    steps = frame - before.frame
    return [a + slope * steps for a, slope in zip(before.points, slopes, strict=True)]


def _runs(seen: Iterable[Seen], end: int | None) -> Iterator[tuple[str, list[KeyFrame]]]:
    """Yield the stretches on which a shape is there, each with the frame on which it is lost."""
    shape_type, run = "", list[KeyFrame]()
    for frame, shape in seen:
        if shape is not None:
            shape_type = shape.type
            run.append(KeyFrame(frame, shape.points))
        elif run:
            yield shape_type, [*run, run[-1]._replace(frame=frame, outside=True)]
            run = []
    if run:
        ending = [] if end is None else [run[-1]._replace(frame=end, outside=True)]
        yield shape_type, run + ending


def _needed(shape_type: str, run: Sequence[KeyFrame], *, is_held: bool) -> Iterator[KeyFrame]:
    yield run[0]
    way = _Way(shape_type, run[0])
    for before, here in pairwise(run):
        if not way.leads_to(here):
            yield before
            way = _Way(shape_type, before)
            way.leads_to(here)
    last = run[-1]
    if len(run) > 1 and (last.outside or not is_held or not way.rests(last)):
        yield last


class _Way:
    """The straight lines from a position on that pass all the positions that it leads to.

    For each coordinate it knows the least and the greatest slope, in pixels for each frame.
    """

    def __init__(self, shape_type: str, start: KeyFrame) -> None:
        self._shape_type = shape_type
        self._start = start
        self._bounds: list[tuple[float, float]] | None = None

    def leads_to(self, here: KeyFrame) -> bool:
        """Tell whether a line ends at a position, and pass that from then on."""
        slopes, bounds = _slopes(self._shape_type, self._start, here), self._bounds
        if bounds is not None and not (slopes and bounds and _are_within(slopes, bounds)):
            return False
        slack = _SAME_PX / (here.frame - self._start.frame)
        fresh = [(slope - slack, slope + slack) for slope in slopes]
        self._bounds = [
            (max(low, least), min(high, greatest))
            for (low, high), (least, greatest) in zip(bounds or fresh, fresh, strict=True)
        ]
        return True

    def rests(self, here: KeyFrame) -> bool:
        """Tell whether a position, to which it leads, is where it starts."""
        slopes = _slopes(self._shape_type, self._start, here)
        steps = here.frame - self._start.frame
        return bool(slopes) and all(abs(slope) * steps <= _SAME_PX for slope in slopes)


def _are_within(slopes: Sequence[float], bounds: Sequence[tuple[float, float]]) -> bool:
    return all(low <= slope <= high for slope, (low, high) in zip(slopes, bounds, strict=True))


def _slopes(shape_type: str, start: KeyFrame, end: KeyFrame) -> list[float]:
    """Return by how much coordinates change in each frame; nothing if no line leads there."""
    if len(start.points) != len(end.points):
        return []
    if shape_type in _STRAIGHT or (shape_type == "points" and len(start.points) == 2):
        steps = end.frame - start.frame
        return [(b - a) / steps for a, b in zip(start.points, end.points, strict=True)]
    if shape_type == "points" and math.dist(start.points, end.points) <= _SAME_PX:
        return [0.0] * len(start.points)
    return []
