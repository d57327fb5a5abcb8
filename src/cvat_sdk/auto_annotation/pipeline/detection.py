"""Running a function over frames, one by one or in batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cvat_sdk.exceptions import BadFunctionError, UnsupportedDatasetError

from .batches import AutoBatchSize, BatchSize, FixedBatchSize, is_out_of_memory

if TYPE_CHECKING:
    import PIL.Image

    from cvat_sdk.datasets.frames import Frame

# Images of one batch, as they lie in memory.
BATCH_BYTES = 64 << 20
_BYTES_PER_PIXEL = 3


@dataclass(frozen=True)
class Result:
    """What a function returned for a frame, or the error that it ended with."""

    frame: Frame
    annotations: Any = None
    error: Exception | None = None


@dataclass
class Detection:
    """A function at work.

    Args:
        function: has `detect`, and perhaps `detect_batch`.
        make_context: makes what the function is told, of the frame's name.
        prepare: what is done with each image before the function sees it.
        batch_size: if the function has `detect_batch`.
        skips_errors: errors of single frames are results; otherwise they are raised.

    Attributes:
        seconds: how long was waited for images ("wait"), and how long the function took ("detect").
    """

    function: Any
    make_context: Callable[[str], Any]
    prepare: Callable[[PIL.Image.Image], PIL.Image.Image] | None = None
    batch_size: BatchSize = field(default_factory=AutoBatchSize)
    skips_errors: bool = False
    clock: Callable[[], float] = time.perf_counter
    seconds: dict[str, float] = field(default_factory=lambda: {"wait": 0.0, "detect": 0.0})

    def __post_init__(self) -> None:
        self._has_batches = callable(getattr(self.function, "detect_batch", None))
        if not self._has_batches:
            self.batch_size = FixedBatchSize(1)

    def results(self, frames: Iterable[Frame]) -> Iterator[Result]:
        """Yield the results of all frames, in their order.

        Raises:
            BadFunctionError: `detect_batch` does not return as much as it was given.
            UnsupportedDatasetError: an image cannot be read, and errors are not skipped.
            What the function raises, if errors are not skipped.
        """
        for batch in self._batches(frames):
            images = [(frame, image) for frame, image in batch if not isinstance(image, Exception)]
            found = self._detected(images)
            for frame, image in batch:
                if isinstance(image, Exception):
                    yield Result(frame, error=image)
                else:
                    yield next(found)
            # The images are not to be in memory while the next ones are waited for.
            del batch, images, found, frame, image

    def _batches(self, frames: Iterable[Frame]) -> Iterator[_Loaded]:
        batch: list[tuple[Frame, Any]] = []
        size = 0
        for frame in self._waited_for(frames):
            bytes_of_it = _BYTES_PER_PIXEL * frame.width * frame.height
            if batch and size + bytes_of_it > BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append((frame, self._loaded(frame)))
            size += bytes_of_it
            if len(batch) >= self.batch_size.size:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _waited_for(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        iterator = iter(frames)
        while True:
            start = self.clock()
            frame = next(iterator, None)
            self.seconds["wait"] += self.clock() - start
            if frame is None:
                return
            yield frame

    def _loaded(self, frame: Frame) -> PIL.Image.Image | Exception:
        start = self.clock()
        try:
            image = frame.load_image()
            return self.prepare(image) if self.prepare else image
        except UnsupportedDatasetError as error:
            if not self.skips_errors:
                raise
            return error
        finally:
            self.seconds["wait"] += self.clock() - start

    def _detected(self, images: Sequence[tuple[Frame, Any]]) -> Iterator[Result]:
        if not images:
            return
        try:
            found = self._called(images)
        except _OutOfMemory:
            middle = len(images) // 2
            yield from self._detected(images[:middle])
            yield from self._detected(images[middle:])
            return
        except _FunctionFailed as failure:
            yield from self._one_by_one(images, failure.error)
            return
        for (frame, _), returned in zip(images, found, strict=True):
            yield Result(frame, returned)

    def _one_by_one(
        self, images: Sequence[tuple[Frame, Any]], error: Exception
    ) -> Iterator[Result]:
        """Find out which frames of a batch an error is about."""
        if len(images) == 1:
            yield Result(images[0][0], error=error)
            return
        for image in images:
            yield from self._detected([image])

    def _called(self, images: Sequence[tuple[Frame, Any]]) -> Sequence[Any]:
        contexts = [self.make_context(frame.name) for frame, _ in images]
        start = self.clock()
        try:
            if not self._has_batches:
                return [self.function.detect(contexts[0], images[0][1])]
            found = self.function.detect_batch(contexts, [image for _, image in images])
        except Exception as error:
            if is_out_of_memory(error) and self.batch_size.ran_out_of_memory(len(images)):
                raise _OutOfMemory from None
            if self.skips_errors:
                raise _FunctionFailed(error) from None
            error.add_note(_place(images))
            raise
        finally:
            seconds = self.clock() - start
            self.seconds["detect"] += seconds
        self.batch_size.took(len(images), seconds)
        return _checked(found, images)


_Loaded = list[tuple["Frame", Any]]


class _OutOfMemory(Exception):
    """A batch was too large."""


class _FunctionFailed(Exception):
    """An error that may be one of a single frame."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def _checked(found: object, images: Sequence[tuple[Frame, Any]]) -> Sequence[Any]:
    if not isinstance(found, Sequence):
        raise BadFunctionError(
            f"detect_batch returned an object of type {type(found).__name__!r}"
            " (expected a sequence with the annotations of each image)"
        )
    if len(found) != len(images):
        raise BadFunctionError(
            f"detect_batch returned {len(found)} results for {len(images)} images"
        )
    return found


def _place(images: Sequence[tuple[Frame, Any]]) -> str:
    first, last = images[0][0], images[-1][0]
    if first is last:
        return f"on frame {first.index} ({first.name!r})"
    return f"on frames {first.index} ({first.name!r}) to {last.index} ({last.name!r})"
