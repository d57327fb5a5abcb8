"""Which frames of a task are annotated. Pure: no client, no pixels."""

from __future__ import annotations

import operator
import re
from collections.abc import Collection, Iterable, Iterator, Set
from itertools import chain, pairwise

from cvat_sdk.exceptions import SelectionError
from cvat_sdk.models import LabeledData, LabeledTrack, SubLabeledTrack

# The first and the last frame of a job.
Job = tuple[int, int]

_PART = re.compile(r"(\d{1,9})(?:(-)(\d{1,9})?(?::(\d{1,9}))?)?", re.ASCII)
_ENDLESS = 10**9


def parse_frames(text: str) -> tuple[range, ...]:
    """Return the numbers that a text names, in the order of the text.

    Args:
        text: numbers and ranges, with commas between them. A range includes both of its ends;
            without the second one it goes to the end of the task. A colon begins its step.

    Raises:
        SelectionError: it is not that; the message quotes the part.

    >>> parse_frames("0-10,20,30-100:5")
    (range(0, 11), range(20, 21), range(30, 101, 5))
    """
    return tuple(map(_parse_part, text.split(",")))


def choose(
    plan: Iterable[int],
    *,
    frames: str | Iterable[int] | None = None,
    job: Job | None = None,
    annotated: Collection[int] | None = None,
) -> list[int]:
    """Return the frames of a plan that are to be annotated, in ascending order.

    Args:
        plan: the frames that the task has, without those that are deleted.
        frames: only these; a text as for `parse_frames`, or numbers.
        job: only those from the first of the two to the last.
        annotated: leave these out.

    Raises:
        SelectionError: of a range of `frames`, or of a number, the plan has nothing.
    """
    planned = set(plan)
    chosen = planned if frames is None else _named(frames, planned)
    if job is not None:
        chosen = {frame for frame in chosen if job[0] <= frame <= job[1]}
    return sorted(chosen.difference(annotated or ()))


def annotated_frames(data: LabeledData, jobs: Iterable[Job] = ()) -> set[int]:
    """Return the frames on which there is a tag, a shape, or a track that is not outside.

    A track is seen from one key frame to the next, and from its last one to the end of the job,
    unless the key frame says that it is outside from there on.

    Args:
        data: the annotations of a task.
        jobs: those of the task; without them, a track ends at its last key frame.
    """
    found = {one.frame for one in chain(data.get("tags") or (), data.get("shapes") or ())}
    jobs = list(jobs)
    for track in data.get("tracks") or ():
        for part in chain([track], track.get("elements") or ()):
            found.update(*_seen(part, jobs))
    return found


def _parse_part(part: str) -> range:
    found = _PART.fullmatch(part.strip())
    if found is None:
        raise SelectionError(
            f"frames: {part.strip()!r} is neither a frame nor a range of frames,"
            " such as 7, 0-99, 100- or 0-99:5"
        )
    first, dash, last, step = found.groups()
    end = _ENDLESS if dash and not last else int(last or first) + 1
    if end <= int(first) or (step and not int(step)):
        raise SelectionError(f"frames: the range {part.strip()!r} has no frames")
    return range(int(first), end, int(step or 1))


def _named(frames: str | Iterable[int], planned: Set[int]) -> set[int]:
    """Return the frames of the plan that are named; each name must stand for some of them."""
    chosen: set[int] = set()
    for part in _parts(frames):
        # A range may be endless.
        found = (
            {frame for frame in part if frame in planned}
            if len(part) <= len(planned)
            else {frame for frame in planned if frame in part}
        )
        if not found:
            raise SelectionError(f"frames: {_missing(part)} in the task; {_told(planned)}")
        chosen |= found
    return chosen


def _parts(frames: str | Iterable[int]) -> Iterable[range]:
    if isinstance(frames, str):
        return parse_frames(frames)
    if isinstance(frames, range):
        return [frames]
    numbers = map(operator.index, frames)
    return (range(number, number + 1) for number in numbers)


def _missing(part: range) -> str:
    if len(part) == 1:
        return f"frame {part[0]} is not"
    until = "the end" if part[-1] >= _ENDLESS - part.step else part[-1]
    return f"none of {part[0]} to {until} is"


def _told(planned: Set[int]) -> str:
    if not planned:
        return "it has no frames"
    return f"it has {len(planned)} frames from {min(planned)} to {max(planned)}, deleted ones aside"


def _seen(track: LabeledTrack | SubLabeledTrack, jobs: Collection[Job]) -> Iterator[range]:
    keys = sorted(track.shapes, key=lambda shape: shape.frame)
    for key, following in pairwise(keys):
        if not key.get("outside"):
            yield range(key.frame, following.frame)
    if keys and not keys[-1].get("outside"):
        last = keys[-1].frame
        yield range(last, 1 + max((b for a, b in jobs if a <= last <= b), default=last))
