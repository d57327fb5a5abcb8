"""`init_tracking`, `track` and `track_task`: requests for tracking functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from cvat_agent.failures import BadRequestError, WorkerDiedError
from cvat_agent.frames import KnownTask
from cvat_agent.host import Held, Missing
from cvat_agent.jobs import Bench, Job
from cvat_agent.pictures import SharedImage
from cvat_agent.states import TrackingState, by_worker
from cvat_sdk.auto_annotation.interface import TrackableShape
from cvat_sdk.auto_annotation.trails import Trail, mutable_attributes
from cvat_sdk.models import LabeledShapeRequest
from cvat_sdk.shapes import check_points

if TYPE_CHECKING:
    from cvat_agent.workers import Worker

    Found = TrackableShape | None


def init_tracking(bench: Bench, job: Job) -> dict[str, Any]:
    """Return the names of the states of shapes.

    Raises:
        BadRequestError: the function cannot follow such shapes.
    """
    params = job.params
    known = bench.frames.task(params.get("task"))
    states = begin(bench, known, params.get("frame"), parse_shapes(bench, params.get("shapes")))
    return {"states": [bench.states.add(state) for state in states]}


def track(bench: Bench, job: Job) -> dict[str, Any]:
    """Return where shapes are on another frame.

    Raises:
        BadRequestError: a state is not there, or not for this task and this size of images.
        BadFunctionError: the function breaks a rule.
    """
    params = job.params
    known = bench.frames.task(params.get("task"))
    info = known.frame(params.get("frame"))
    size_wh = (info.width, info.height)
    names = params.get("states") or []
    states = [bench.states.find(name, known.task.id, size_wh) for name in names]
    with bench.timed("fetch"):
        image = bench.frames.image(known, info.index)
    with image:
        shapes = follow(bench, known, info.index, image, states, hurry=True)
    return {"states": names, "shapes": [shape and _told(shape) for shape in shapes]}


def parse_shapes(bench: Bench, given: Any) -> list[TrackableShape]:
    """Return the shapes of a request.

    Raises:
        BadRequestError: they are none, or the function cannot follow them.
    """
    if not isinstance(given, Sequence):
        raise BadRequestError("there are no shapes")
    return [_parse_shape(one, bench.spec.supported_shape_types) for one in given]


def begin(
    bench: Bench, known: KnownTask, frame: object, shapes: Sequence[TrackableShape]
) -> list[TrackingState]:
    """Return the states of shapes on a frame, which lie in the agent's worker.

    Raises:
        BadRequestError: the task has no such frame.
    """
    info = known.frame(frame)
    states = [
        TrackingState(
            known.task.id,
            shape.type,
            (info.width, info.height),
            info.index,
            shape,
            bench.worker,
            generation=-1,
            seen_at=info.index,
        )
        for shape in shapes
    ]
    _with_patience(lambda: _make_again(bench, known, bench.worker, states))
    return states


def follow(
    bench: Bench,
    known: KnownTask,
    frame: int,
    image: SharedImage,
    states: Sequence[TrackingState],
    *,
    hurry: bool,
) -> list[Found]:
    """Return where shapes are on a frame, in the order of their states.

    States that died with their process are made again of where their shapes were seen last.

    Raises:
        BadFunctionError: the function breaks a rule.
        WorkerDiedError: the process died twice.
    """
    found: dict[int, Found] = {}
    for group in by_worker(states).values():
        worker = group[0].worker
        shapes = _with_patience(
            lambda group=group, worker=worker: _follow(
                bench, known, frame, image, worker, group, hurry
            )
        )
        found |= {id(state): shape for state, shape in zip(group, shapes, strict=True)}
    return [found[id(state)] for state in states]


def direction(states: Iterable[TrackingState], frame: int) -> int:
    """Return by how many frames shapes were followed to a frame, the next step to be expected."""
    steps = {frame - state.seen_at for state in states}
    return steps.pop() if len(steps) == 1 else 0


def _with_patience(act: Any) -> Any:
    """Try once more if a process dies."""
    try:
        return act()
    except WorkerDiedError:
        return act()


def _follow(
    bench: Bench,
    known: KnownTask,
    frame: int,
    image: SharedImage,
    worker: Worker,
    states: Sequence[TrackingState],
    hurry: bool,
) -> list[Found]:
    worker.start()
    _make_again(bench, known, worker, [state for state in states if state.is_lost])
    with bench.timed("compute"):
        numbers_and_kinds = [(state.held.number, state.kind) for state in states]
        key = known.key(frame)
        answer = worker.call("track", key, image.picture, numbers_and_kinds, hurry=hurry)
    for state, (shape, size) in zip(states, answer.value, strict=True):
        state.held, state.seen_at = Held(state.held.number, size), frame
        if shape is not None:
            state.frame, state.shape = frame, shape
    return [shape for shape, _ in answer.value]


def _make_again(
    bench: Bench, known: KnownTask, worker: Worker, states: Sequence[TrackingState]
) -> None:
    """Make states that are not there, after those are gone that nobody needs any more."""
    worker.start()
    if numbers := bench.states.to_forget(worker):
        worker.call("forget", numbers)
    for frame in sorted({state.frame for state in states}):
        group = [state for state in states if state.frame == frame]
        shapes = [state.shape for state in group]
        with bench.timed("compute"):
            made = worker.call("init_tracking", known.key(frame), None, shapes).value
        if isinstance(made, Missing):
            with bench.timed("fetch"):
                image = bench.frames.image(known, frame)
            with image as picture, bench.timed("compute"):
                made = worker.call("init_tracking", known.key(frame), picture, shapes).value
        for state, held in zip(group, made, strict=True):
            state.held, state.generation = held, worker.generation


def _parse_shape(given: Any, supported: Iterable[str]) -> TrackableShape:
    try:
        kind, points = str(given["type"]), [float(number) for number in given["points"]]
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequestError("a shape lacks its type or its points") from error
    if kind not in supported:
        raise BadRequestError(f"the function cannot follow shapes of type {kind!r}")
    try:
        check_points(kind, points)
    except ValueError as error:
        raise BadRequestError(str(error)) from error
    return TrackableShape(type=kind, points=points)


def _told(shape: TrackableShape) -> dict[str, Any]:
    return {"type": str(shape.type), "points": shape.points}


def track_task(bench: Bench, job: Job) -> dict[str, Any]:
    """Return tracks: shapes of one frame, followed through the frames after it.

    Raises:
        BadRequestError: the frames or shapes are not there, or a shape has no label.
        CancelledError: the request is not wanted any more.
    """
    from cvat_sdk.datasets.frames import TaskFrames

    params = job.params
    bench.frames.forget(params.get("task"))
    known = bench.frames.task(params.get("task"))
    start, stop = known.frame(params.get("start_frame")).index, params.get("stop_frame")
    if not isinstance(stop, int) or stop < start:
        raise BadRequestError(f"stop_frame must be a frame from {start} on, got {stop!r}")
    shapes = parse_shapes(bench, params.get("shapes"))
    trails = _trails(known, start, params["shapes"])
    states = begin(bench, known, start, shapes)
    for trail in trails:
        trail.seen.append((start, trail.shape))
    last = min(stop, known.plan.size - 1)
    try:
        with TaskFrames(known.task, known.meta, indices=range(start + 1, last + 1)) as frames:
            for frame in frames:
                job.check()
                _one_further(bench, known, frame, states, trails)
                job.progress = (frame.index - start) / max(1, last - start)
    finally:
        _let_go(bench, states)
    end = last + 1 if last + 1 < known.plan.size else None
    return {"tracks": [trail.track(end) for trail in trails]}


def _one_further(
    bench: Bench,
    known: KnownTask,
    frame: Any,
    states: Sequence[TrackingState],
    trails: Sequence[Trail],
) -> None:
    # A frame of another size is one that nothing can be followed to.
    same = [state for state in states if state.size_wh == (frame.width, frame.height)]
    with ExitStack() as held:
        image = bench.frames.share(frame.load_image())
        held.callback(image.release)
        found = follow(bench, known, frame.index, image, same, hurry=False)
    where = dict(zip(map(id, same), found, strict=True))
    for state, trail in zip(states, trails, strict=True):
        trail.seen.append((frame.index, where.get(id(state))))


def _let_go(bench: Bench, states: Sequence[TrackingState]) -> None:
    numbers = [state.held.number for state in states if not state.is_lost]
    bench.worker.call_if_free("forget", numbers)


def _trails(known: KnownTask, frame: int, shapes: Sequence[Mapping[str, Any]]) -> list[Trail]:
    if not all(isinstance(shape.get("label_id"), int) for shape in shapes):
        raise BadRequestError("a shape has no label")
    mutable = mutable_attributes(known.labels())
    return [
        Trail.of_shape(LabeledShapeRequest(**{**shape, "frame": frame}), mutable)
        for shape in shapes
    ]
