"""What was found, drawn on images."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cvat_sdk.masks import decode_mask
from cvat_sdk.models import LabeledImageRequest, LabeledShapeRequest

if TYPE_CHECKING:
    import PIL.Image
    import PIL.ImageDraw

    Colour = tuple[int, int, int]

_FILL = 0.4
"""How much of the picture's colour the colour of an area replaces."""

THUMBNAIL_WH = (400, 300)
_COLUMNS = 4
_MARGIN = 12
_CAPTION = 24
_GROUND, _INK = (245, 245, 245), (40, 40, 40)


def drawn(
    image: PIL.Image.Image,
    tags: Sequence[LabeledImageRequest],
    shapes: Sequence[LabeledShapeRequest],
    names: Mapping[int, str],
) -> PIL.Image.Image:
    """Return a copy of an image with what was found on it, each with its label and score.

    Args:
        image: of any mode.
        tags: written into the top left corner.
        shapes: of all types; they may reach out of the image.
        names: of the labels, by their ids.
    """
    canvas = _Canvas(image.convert("RGB"), names)
    for shape in shapes:
        canvas.area(shape)
    for shape in shapes:
        canvas.outline(shape)
    for shape in shapes:
        canvas.caption(shape)
    canvas.tags(tags)
    return canvas.image


def contact_sheet(pictures: Sequence[tuple[str, PIL.Image.Image]]) -> PIL.Image.Image:
    """Return pictures side by side and one below the other, each with its name."""
    import PIL.Image
    import PIL.ImageDraw
    import PIL.ImageFont

    width, height = THUMBNAIL_WH
    columns = min(_COLUMNS, max(1, len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    cell_w, cell_h = width + _MARGIN, height + _CAPTION + _MARGIN
    sheet = PIL.Image.new("RGB", (columns * cell_w + _MARGIN, rows * cell_h + _MARGIN), _GROUND)
    draw, font = PIL.ImageDraw.Draw(sheet), PIL.ImageFont.load_default(15)
    for i, (name, picture) in enumerate(pictures):
        x, y = _MARGIN + i % columns * cell_w, _MARGIN + i // columns * cell_h
        small = picture.copy()
        small.thumbnail(THUMBNAIL_WH)
        sheet.paste(small, (x + (width - small.width) // 2, y + (height - small.height) // 2))
        draw.text((x + width / 2, y + height + 4), name, _INK, font, anchor="ma")
    return sheet


@dataclass
class _Canvas:
    image: PIL.Image.Image
    names: Mapping[int, str]

    def __post_init__(self) -> None:
        import PIL.ImageDraw
        import PIL.ImageFont

        largest = max(self.image.size)
        self.line = max(2, round(largest / 400))
        self.letters = max(11, round(largest / 50))
        self.font = PIL.ImageFont.load_default(self.letters)
        self.draw = PIL.ImageDraw.Draw(self.image)

    def colour(self, label_id: int) -> Colour:
        """Return a colour that differs much from those of the neighbouring labels."""
        place = list(self.names).index(label_id)
        red, green, blue = colorsys.hsv_to_rgb(place * 0.618034 % 1, 0.85, 0.95)
        return round(red * 255), round(green * 255), round(blue * 255)

    def area(self, shape: LabeledShapeRequest) -> None:
        """Tint what a mask or a polygon covers."""
        import PIL.Image
        import PIL.ImageDraw

        if shape.type == "mask":
            width, height = self.image.size
            bitmap = decode_mask(shape.points, image_width=width, image_height=height)
            covered = PIL.Image.fromarray(bitmap)
        elif shape.type == "polygon":
            covered = PIL.Image.new("1", self.image.size)
            PIL.ImageDraw.Draw(covered).polygon(_pairs(shape.points), fill=1)
        else:
            return
        strength = covered.convert("L").point(lambda value: round(value * _FILL))
        self.image.paste(self.colour(shape.label_id), (0, 0), strength)

    def outline(self, shape: LabeledShapeRequest) -> None:
        colour = self.colour(shape.label_id)
        lines = _lines(shape)
        for line in lines:
            self.draw.line(line, fill=colour, width=self.line, joint="curve")
        for x, y in _dots(shape):
            radius = self.line * 1.5
            box = (x - radius, y - radius, x + radius, y + radius)
            self.draw.ellipse(box, fill=colour, outline="white")

    def caption(self, shape: LabeledShapeRequest) -> None:
        points = _all_points(shape)
        left, top = min(x for x, _ in points), min(y for _, y in points)
        self._chip(left, top, self._text(shape), self.colour(shape.label_id))

    def tags(self, tags: Sequence[LabeledImageRequest]) -> None:
        for i, tag in enumerate(tags):
            below = (i + 1) * (self.letters + 2 * self.line + 2)
            self._chip(0, below, self._text(tag), self.colour(tag.label_id))

    def _text(self, found: Any) -> str:
        score = found.get("score")
        name = self.names[found.label_id]
        return name if score is None else f"{name} {score:.2f}"

    def _chip(self, left: float, bottom: float, text: str, colour: Colour) -> None:
        """Write on a ground of the label's colour, above a place, but inside the image."""
        width = self.draw.textlength(text, self.font) + 2 * self.line
        height = self.letters + 2 * self.line
        left = min(max(0, left), max(0, self.image.width - width))
        top = min(max(0, bottom - height), self.image.height - height)
        self.draw.rectangle((left, top, left + width, top + height), fill=colour)
        is_light = colour[0] * 0.3 + colour[1] * 0.59 + colour[2] * 0.11 > 140
        ink = "black" if is_light else "white"
        middle = left + self.line, top + height / 2
        self.draw.text(middle, text, ink, self.font, anchor="lm")


def _pairs(points: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(points[::2], points[1::2], strict=True))


def _all_points(shape: LabeledShapeRequest) -> list[tuple[float, float]]:
    """Return points between which the shape lies, in pixels."""
    if shape.type == "mask":
        return _pairs(shape.points[-4:])
    if shape.type == "skeleton":
        return _dots(shape) or [(0, 0)]
    return [point for line in _lines(shape) for point in line] or _pairs(shape.points)


def _lines(shape: LabeledShapeRequest) -> list[list[tuple[float, float]]]:
    """Return the lines that a shape is drawn with; none for masks, points and skeletons."""
    kind = shape.type.value
    if kind in ("mask", "points", "skeleton"):
        return []
    points = _pairs(shape.points)
    if kind == "polyline":
        return [points]
    if kind == "cuboid":
        order = (0, 1, 3, 2, 0), (4, 5, 7, 6, 4), (0, 6), (1, 7), (2, 4), (3, 5)
        return [[points[i] for i in face] for face in order]
    if kind == "rectangle":
        (left, top), (right, bottom) = points
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
    elif kind == "ellipse":
        (x, y), (right, top) = points
        angles = [math.tau * i / 64 for i in range(64)]
        points = [(x + (right - x) * math.cos(a), y + (top - y) * math.sin(a)) for a in angles]
    points = _turned(points, shape.get("rotation") or 0.0)
    # Somewhat into the first side again, so that the first corner is drawn as one.
    return [[*points, *points[:2]]]


def _turned(points: list[tuple[float, float]], degrees: float) -> list[tuple[float, float]]:
    if not degrees:
        return points
    middle_x, middle_y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return [
        (
            middle_x + (x - middle_x) * cosine - (y - middle_y) * sine,
            middle_y + (x - middle_x) * sine + (y - middle_y) * cosine,
        )
        for x, y in points
    ]


def _dots(shape: LabeledShapeRequest) -> list[tuple[float, float]]:
    """Return the points that are drawn as such."""
    if shape.type == "points":
        return _pairs(shape.points)
    elements = shape.get("elements") or ()
    return [
        (element.points[0], element.points[1]) for element in elements if not element.get("outside")
    ]
