"""The rules for detection functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from cvat_sdk.auto_annotation.pipeline import Finding
from cvat_sdk.auto_annotation.trial.local_frames import LocalFrame
from cvat_sdk.auto_annotation.trial.problems import Problem, told
from cvat_sdk.auto_annotation.trial.running import OneByOne, findings
from cvat_sdk.exceptions import BadFunctionError

if TYPE_CHECKING:
    import PIL.Image

# Modes of images that a task may have, besides RGB.
_MODES = ("L", "RGBA", "P", "1")
_BATCH = 3
# How far results of a batch may be from those of single images: in pixels, and in scores.
_PIXELS, _SCORE = 0.5, 0.01


def problems(function: Any, frames: Sequence[LocalFrame]) -> Iterator[Problem]:
    """Yield what is wrong with a detection function."""
    trial = _Trial(function, frames)
    yield from _of_spec(function)
    yield from trial.of_detect()
    for finding in trial.singles:
        yield from _misplaced(finding)
    yield from trial.of_images()
    yield from trial.of_batches()
    yield from trial.of_thresholds()
    yield from trial.of_conversion()


def _of_spec(function: Any) -> Iterator[Problem]:
    labels = function.spec.labels
    if not labels:
        yield Problem("spec", "there are no labels", "name what the function can find")
    for name, count in Counter(label.name for label in labels).items():
        if count > 1:
            yield Problem("spec", f"{count} labels are called {name!r}", "tasks have one of a name")


@dataclass
class _Trial:
    function: Any
    frames: Sequence[LocalFrame]

    @cached_property
    def singles(self) -> list[Finding]:
        """What `detect` finds, with the function's own threshold."""
        return self._run(OneByOne(self.function))

    @cached_property
    def everything(self) -> list[Finding]:
        """What `detect` finds, if nothing is too unlikely."""
        return self._run(OneByOne(self.function), conf_threshold=0.0)

    def _run(self, function: Any, **options: Any) -> list[Finding]:
        return list(findings(function, self.frames, **options))

    def of_detect(self) -> Iterator[Problem]:
        yield from _errors("detect", self.singles)
        again = list(findings(OneByOne(self.function), self.frames[:1]))
        if _differ(self.singles[:1], again):
            yield Problem(
                "detect",
                f"a second call for {self.frames[0].name!r} finds something else",
                "resumed and repeated runs give other results then; fix the seed",
                "warning",
            )

    def of_images(self) -> Iterator[Problem]:
        """Yield what goes wrong with images of other modes, and images that were changed."""
        if not self.frames or self.singles[0].error:
            return
        for mode in _MODES:
            image = self.frames[0].load_image().convert("RGB").convert(mode)
            before = image.tobytes()
            shown = replace(self.frames[0], load_image=partial(_same, image))
            (finding,) = findings(OneByOne(self.function), [shown])
            if finding.error:
                yield Problem(
                    "image",
                    f"an image of mode {mode!r} is not taken: {told(finding.error)}",
                    'begin with image = image.convert("RGB")',
                )
            if image.tobytes() != before:
                yield Problem("image", "detect changes the image that it is given", "copy it")
                return

    def of_batches(self) -> Iterator[Problem]:
        if not callable(getattr(self.function, "detect_batch", None)):
            return
        for size in (1, _BATCH):
            try:
                found = self._run(self.function, batch_size=size)
            except BadFunctionError as error:
                yield Problem("batch", str(error))
                return
            failed = list(_errors("batch", found, unless=self.singles))
            yield from failed
            for one, other in zip(self.singles, found, strict=True):
                if not failed and (difference := _difference(one, other)):
                    yield Problem(
                        "batch",
                        f"frame {one.frame.index} ({one.frame.name!r}): detect_batch with {size}"
                        f" images finds something else than detect: {difference}",
                        "a run's results would depend on the size of its batches",
                    )

    def of_thresholds(self) -> Iterator[Problem]:
        yield from _errors("threshold", self.everything, unless=self.singles)
        scores = [score for finding in self.everything for score in _scores(finding)]
        known = [score for score in scores if score is not None]
        if None in scores:
            yield Problem(
                "threshold",
                f"{scores.count(None)} of {len(scores)} shapes have no score",
                "give them one, as in rectangle(..., score=0.9)",
                "warning",
            )
        for threshold in (min(known) / 2, 1.0) if known else ():
            yield from self._of_threshold(threshold)

    def _of_threshold(self, threshold: float) -> Iterator[Problem]:
        found = self._run(OneByOne(self.function), conf_threshold=threshold)
        yield from _errors("threshold", found, unless=self.singles)
        for finding, all_of_it in zip(found, self.everything, strict=True):
            where = f"frame {finding.frame.index} ({finding.frame.name!r})"
            scores = _scores(finding)
            # Scores may be rounded after they were compared.
            low = [score for score in scores if score is not None and score < threshold - 1e-3]
            if low:
                yield Problem(
                    "threshold",
                    f"{where}: asked for {threshold:.4g} and more, it returns {min(low):.4g}",
                    "leave out what is under context.conf_threshold",
                )
                return
            if len(scores) > len(_scores(all_of_it)):
                yield Problem(
                    "threshold",
                    f"{where}: at {threshold:.4g} it returns more than at 0",
                    "0 is a threshold too: compare context.conf_threshold with None",
                )
                return

    def of_conversion(self) -> Iterator[Problem]:
        masks = {
            finding.frame.index: sum(shape.type == "mask" for shape in finding.shapes)
            for finding in self.singles
        }
        declared = any(label.get("type") == "mask" for label in self.function.spec.labels)
        if not declared and not any(masks.values()):
            return
        found = self._run(OneByOne(self.function), conv_mask_to_poly=True)
        yield from _errors("conversion", found, unless=self.singles)
        for finding in found:
            if masks[finding.frame.index] and not finding.error and not finding.shapes:
                yield Problem(
                    "conversion",
                    f"frame {finding.frame.index} ({finding.frame.name!r}): with masks, it finds"
                    f" {masks[finding.frame.index]} shapes, with conv_mask_to_poly none",
                    "return polygons instead",
                )


def _same(image: PIL.Image.Image) -> PIL.Image.Image:
    return image


def _errors(
    rule: str, found: Sequence[Finding], *, unless: Sequence[Finding] | None = None
) -> Iterator[Problem]:
    """Yield the errors of findings; not those on frames that failed before."""
    for index, finding in enumerate(found):
        if finding.error is None or (unless and unless[index].error):
            continue
        text = told(finding.error)
        where = f"frame {finding.frame.index} ({finding.frame.name!r})"
        yield Problem(rule, text if text.find(where) >= 0 else f"{where}: {text}")


def _misplaced(finding: Finding) -> Iterator[Problem]:
    size = finding.frame.width, finding.frame.height
    for index, shape in enumerate(finding.shapes):
        where = f"frame {finding.frame.index} ({finding.frame.name!r}), shape {index}"
        points = shape.points[-4:] if shape.type == "mask" else shape.get("points") or []
        if any(not 0 <= number <= size[i % 2] for i, number in enumerate(points)):
            yield Problem(
                "place",
                f"{where}: {points[:8]} lies out of the image, which is {size[0]} x {size[1]}",
                "clip it to the image",
                "warning",
            )
        elif shape.type == "rectangle" and (points[0] >= points[2] or points[1] >= points[3]):
            yield Problem(
                "place",
                f"{where}: rectangle {points} has no area",
                "the points are left, top, right, bottom",
                "warning",
            )


def _scores(finding: Finding) -> list[float | None]:
    return [shape.get("score") for shape in finding.shapes]


def _differ(some: Sequence[Finding], others: Sequence[Finding]) -> bool:
    return any(_difference(one, other) for one, other in zip(some, others, strict=True))


def _difference(one: Finding, other: Finding) -> str:
    """Return what differs between two findings for an image, or nothing."""
    if one.error or other.error:
        return ""
    ours, theirs = ([*finding.tags, *finding.shapes] for finding in (one, other))
    if len(ours) != len(theirs):
        return f"{len(theirs)} instead of {len(ours)} annotations"
    for mine, yours in zip(ours, theirs, strict=True):
        for name in ("label_id", "type", "attributes"):
            if mine.get(name) != yours.get(name):
                return f"{name} {yours.get(name)} instead of {mine.get(name)}"
        if not _near([mine.get("score") or 0], [yours.get("score") or 0], _SCORE):
            return f"score {yours.get('score')} instead of {mine.get('score')}"
        if not _near(_points(mine), _points(yours), _PIXELS):
            return f"other points of a {mine.get('type', 'tag')}"
    return ""


def _points(item: Any) -> list[float]:
    """Return all points of a shape; of a mask, its box only: pixels at edges may differ."""
    points = list(item.get("points") or ())
    if item.get("type") == "mask":
        return points[-4:]
    return points + [number for element in item.get("elements") or () for number in element.points]


def _near(some: Sequence[float], others: Sequence[float], distance: float) -> bool:
    return len(some) == len(others) and all(
        abs(one - other) <= distance for one, other in zip(some, others, strict=True)
    )
