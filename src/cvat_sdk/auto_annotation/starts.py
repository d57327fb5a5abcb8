"""What is to be followed, and through which frames. Pure: no client, no pixels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

from cvat_sdk.auto_annotation.trails import Trail
from cvat_sdk.exceptions import SelectionError
from cvat_sdk.models import LabeledData, LabeledShape, LabeledTrack

Item = TypeVar("Item", LabeledShape, LabeledTrack)

# Their points belong to their elements.
_NEVER_FOLLOWED = frozenset({"skeleton"})


@dataclass(frozen=True)
class Wish:
    """What a caller wants to be followed.

    Attributes:
        first, last: frames; None: the first and the last one that there is.
        track_ids: of tracks that go on.
        shape_ids: of shapes that become tracks; if neither is given, all on the first frame.
    """

    first: int | None = None
    last: int | None = None
    track_ids: Sequence[int] | None = None
    shape_ids: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.track_ids is not None and self.shape_ids is not None:
            raise SelectionError("give track_ids or shape_ids, not both")
        for name in ("track_ids", "shape_ids"):
            if getattr(self, name) is not None and not len(getattr(self, name)):
                raise SelectionError(f"{name}: there is none")

    def frames(self, there: Collection[int], size: int, data: LabeledData) -> range:
        """Return the frames, from the first to the last one.

        Args:
            there: those that are not deleted.
            size: how many the task has, with the deleted ones.
            data: the annotations of the task.

        Raises:
            SelectionError: one of the ends is not there.
        """
        first = self._first(there, data)
        last = size - 1 if self.last is None else self.last
        if first not in there:
            raise SelectionError(f"from_frame: frame {first} is not in the task, or is deleted")
        if not first <= last < size:
            raise SelectionError(
                f"to_frame: expected a frame from {first} to {size - 1}, got {last}"
            )
        return range(first, last + 1)

    def trails(
        self, data: LabeledData, frames: range, types: Set[str], mutable: Set[int]
    ) -> list[Trail]:
        """Return what is to be followed.

        Args:
            data: the annotations of the task.
            types: of the shapes that the function follows.
            mutable: the attributes whose values belong to key frames.

        Raises:
            SelectionError: something is not there, or cannot be followed.
        """
        types = types - _NEVER_FOLLOWED
        if self.track_ids is not None:
            tracks = _named("track", data.get("tracks") or (), self.track_ids)
            return [_goes_on(track, frames, types) for track in tracks]
        return [Trail.of_shape(shape, mutable) for shape in self._shapes(data, frames[0], types)]

    def _first(self, there: Collection[int], data: LabeledData) -> int:
        if self.first is not None:
            return self.first
        if self.shape_ids is None:
            return min(there, default=0)
        shapes = _named("shape", data.get("shapes") or (), self.shape_ids)
        found: list[int] = sorted({shape.frame for shape in shapes})
        if len(found) > 1:
            raise SelectionError(f"shape_ids: they are on several frames, {_listed(found)}")
        return found[0]

    def _shapes(self, data: LabeledData, frame: int, types: Set[str]) -> list[LabeledShape]:
        shapes = data.get("shapes") or ()
        if self.shape_ids is None:
            return _all_on(shapes, frame, types)
        chosen = _named("shape", shapes, self.shape_ids)
        for shape in chosen:
            if shape.frame != frame:
                raise SelectionError(
                    f"shape_ids: shape {shape.id} is on frame {shape.frame}, not on {frame}"
                )
            _check_type(f"shape_ids: shape {shape.id}", str(shape.type), types)
        return chosen


def _all_on(shapes: Iterable[LabeledShape], frame: int, types: Set[str]) -> list[LabeledShape]:
    found = [shape for shape in shapes if shape.frame == frame and shape.type in types]
    if not found:
        raise SelectionError(
            f"frame {frame} has no shape that the function follows ({_listed(sorted(types))})"
        )
    return found


def _goes_on(track: LabeledTrack, frames: range, types: Set[str]) -> Trail:
    place = f"track_ids: track {track.id}"
    if track.shapes:
        _check_type(place, str(track.shapes[0].type), types)
    try:
        trail = Trail.of_track(track, frames[0], frames[-1])
    except ValueError as error:
        raise SelectionError(f"{place}: {error}; begin at a key frame") from None
    if trail is None:
        told = _listed(sorted(shape.frame for shape in track.shapes))
        raise SelectionError(
            f"{place} is not there on frame {frames[0]}; it has key frames on {told}"
        )
    return trail


def _check_type(place: str, kind: str, types: Set[str]) -> None:
    if kind not in types:
        raise SelectionError(f"{place} is a {kind}; the function follows {_listed(sorted(types))}")


def _named(noun: str, items: Iterable[Item], ids: Iterable[int]) -> list[Item]:
    by_id: Mapping[int, Item] = {item.id: item for item in items if item.id is not None}
    wanted = list(dict.fromkeys(ids))
    for one in wanted:
        if one not in by_id:
            raise SelectionError(f"{noun}_ids: the task has no {noun} {one}")
    return [by_id[one] for one in wanted]


def _listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))
