"""The process that runs a function: it answers calls from a pipe, one after the other."""

from __future__ import annotations

import contextlib
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cvat_agent.caches import Cache
from cvat_agent.failures import (
    AgentError,
    BadRequestError,
    FunctionError,
    FunctionMemoryError,
    WorkerStartError,
)
from cvat_agent.pictures import Picture
from cvat_agent.sizes import size_of
from cvat_sdk.auto_annotation import calls
from cvat_sdk.auto_annotation.interface import (
    DetectionFunctionSpec,
    InteractionFunctionSpec,
    InteractionResultShape,
    TrackableShape,
    TrackingFunctionSpec,
)
from cvat_sdk.auto_annotation.pipeline.batches import is_out_of_memory
from cvat_sdk.exceptions import BadFunctionError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Loader = Callable[[str | None], Any]
Key = tuple[object, ...]
NEEDED: dict[type, tuple[str, ...]] = {
    DetectionFunctionSpec: ("detect",),
    InteractionFunctionSpec: ("detect",),
    TrackingFunctionSpec: ("init_tracking_state", "track"),
}


@dataclass(frozen=True)
class About:
    """What the agent has to know of a function; the function itself stays in its process."""

    spec: Any
    has_batches: bool


@dataclass(frozen=True)
class Limits:
    """How much a worker keeps.

    Attributes:
        prepared_bytes: preprocessed images.
        age_s: how long one is kept that nobody asks for.
    """

    prepared_bytes: int = 512 << 20
    age_s: float = 600.0


@dataclass(frozen=True)
class Missing:
    """The answer to a call that came without its image, which is not kept here."""


@dataclass(frozen=True)
class Held:
    """A tracking state that lies in a worker: its number there, and its size in bytes."""

    number: int
    size: int


class Host:
    """A function, with the images and states that it has made."""

    def __init__(
        self, function: Any, limits: Limits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._function = function
        self._prepared: Cache[Key, Any] = Cache(limits.prepared_bytes, limits.age_s, clock)
        self._states: dict[int, Any] = {}
        self._next = 0

    def about(self) -> About:
        """Return what is known of the function.

        Raises:
            WorkerStartError: it is not a function of a kind that agents serve.
        """
        spec = getattr(self._function, "spec", None)
        needed = next((names for kind, names in NEEDED.items() if isinstance(spec, kind)), None)
        if needed is None:
            raise WorkerStartError(
                f"the function's spec is of type {type(spec).__name__!r}; it must be a"
                f" {', a '.join(kind.__name__ for kind in NEEDED)}"
            )
        for name in needed:
            if not callable(getattr(self._function, name, None)):
                raise WorkerStartError(f"the function has no method {name}()")
        return About(spec, callable(getattr(self._function, "detect_batch", None)))

    def detect(self, contexts: Sequence[Any], pictures: Sequence[Picture]) -> Any:
        """Return the annotations of one image, as the function does."""
        return self._function.detect(contexts[0], pictures[0].load())

    def detect_batch(self, contexts: Sequence[Any], pictures: Sequence[Picture]) -> Any:
        """Return the annotations of several images."""
        return self._function.detect_batch(contexts, [picture.load() for picture in pictures])

    def interact(
        self, key: Key, picture: Picture | None, prompts: calls.Prompts
    ) -> list[InteractionResultShape] | Missing:
        """Return the shapes that the prompts mean.

        Raises:
            BadFunctionError: the function returns something else.
        """
        image = self._prepare(key, picture)
        if isinstance(image, Missing):
            return image
        found = self._function.detect(calls.NoContext(), image, prompts)
        if not isinstance(found, list | tuple):
            raise BadFunctionError(f"expected a list of shapes, got {type(found).__name__!r}")
        return [calls.checked(shape, InteractionResultShape) for shape in found]

    def init_tracking(
        self, key: Key, picture: Picture | None, shapes: Sequence[TrackableShape]
    ) -> list[Held] | Missing:
        """Begin to track shapes; the states stay here."""
        image = self._prepare(key, picture)
        if isinstance(image, Missing):
            return image
        return [self._begin(image, shape) for shape in shapes]

    def track(
        self, key: Key, picture: Picture | None, states: Sequence[tuple[int, str]]
    ) -> list[tuple[TrackableShape | None, int]] | Missing:
        """Return where each shape is now, and the size of its state.

        Args:
            states: numbers, and the types of the shapes that they were made of.

        Raises:
            BadRequestError: a state is not here.
            BadFunctionError: the function returns something else, or a shape of another type.
        """
        image = self._prepare(key, picture)
        if isinstance(image, Missing):
            return image
        return [self._track(image, number, kind) for number, kind in states]

    def prepare(self, key: Key, picture: Picture) -> None:
        """Preprocess an image that will be asked for soon."""
        self._prepare(key, picture)

    def forget(self, numbers: Sequence[int]) -> None:
        """Drop states."""
        for number in numbers:
            self._states.pop(number, None)

    def _prepare(self, key: Key, picture: Picture | None) -> Any:
        prepared = self._prepared.get(key)
        if prepared is not None:
            return prepared[0]
        if picture is None:
            return Missing()
        made = calls.prepare(self._function, picture.load())
        self._prepared.put(key, (made,), size_of(made))
        return made

    def _begin(self, image: Any, shape: TrackableShape) -> Held:
        state = calls.begin(self._function, image, shape)
        self._next += 1
        self._states[self._next] = state
        return Held(self._next, size_of(state))

    def _track(self, image: Any, number: int, kind: str) -> tuple[TrackableShape | None, int]:
        if number not in self._states:
            raise BadRequestError("the tracking state is not known any more")
        state = self._states[number]
        shape = calls.follow(self._function, image, state, kind)
        return shape, size_of(state)


def serve(connection: Connection, load: Loader, device: str | None, limits: Limits) -> None:
    """Answer calls until the pipe is closed. This is what a worker process runs."""
    # Ctrl-C at a terminal reaches all processes; the agent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        host = _started(connection, load, device, limits)
        while host is not None:
            name, args = connection.recv()
            _send(connection, lambda: getattr(host, name)(*args))  # noqa: B023


def _started(
    connection: Connection, load: Loader, device: str | None, limits: Limits
) -> Host | None:
    host: Host | None = None

    def start() -> About:
        nonlocal host
        try:
            made = Host(load(device), limits)
            about = made.about()
        except AgentError:
            raise
        except Exception as error:
            raise WorkerStartError(_traceback(error)) from None
        host = made
        return about

    _send(connection, start)
    return host


@dataclass(frozen=True)
class Answer:
    """What came of a call: a value, or an error that another process can read.

    Attributes:
        seconds: how long the call took here.
    """

    value: Any = None
    error: Exception | None = None
    seconds: float = field(default=0.0, compare=False)


def _send(connection: Connection, act: Callable[[], Any]) -> None:
    answer = _answer(act)
    try:
        connection.send(answer)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        # It is found out while pickling: nothing was sent yet.
        problem = f"what the function returned cannot be sent to another process: {error}"
        connection.send(Answer(error=BadFunctionError(problem)))


def _answer(act: Callable[[], Any]) -> Answer:
    start = time.perf_counter()
    try:
        value = act()
    except (AgentError, BadFunctionError) as error:
        return Answer(error=_plain(error))
    except Exception as error:
        kind = FunctionMemoryError if is_out_of_memory(error) else FunctionError
        return Answer(error=kind(_traceback(error)))
    return Answer(value, seconds=time.perf_counter() - start)


def _plain(error: Exception) -> Exception:
    """Return an error of the same kind that surely can be pickled."""
    return type(error)(str(error))


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).strip()
