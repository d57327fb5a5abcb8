"""A picture of many pictures, each with the boxes that were found in it."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

WIDTH = 1600
ROW_HEIGHT = 310
GAP = 16
CAPTION_HEIGHT = 30
BACKGROUND = (250, 250, 248)
FIRST_HUE = 0.05
INK = (20, 20, 20)


@dataclass(frozen=True)
class Box:
    """A found object; `ltrb` in pixels of the image."""

    label: str
    score: float
    ltrb: tuple[float, float, float, float]


@dataclass(frozen=True)
class Tile:
    """One picture of the sheet."""

    caption: str
    image: PIL.Image.Image
    boxes: Sequence[Box]

    @property
    def aspect(self) -> float:
        """Width by height."""
        return self.image.width / self.image.height


def draw_contact_sheet(groups: Iterable[Iterable[Tile]], path: Path) -> None:
    """Write a PNG of all tiles, in rows of the sheet's width; a group begins a new row."""
    rows = [row for group in groups for row in _rows(group)]
    heights = [_row_height(row) for row in rows]
    total = GAP + sum(height + CAPTION_HEIGHT + GAP for height in heights)
    sheet = PIL.Image.new("RGB", (WIDTH, total), BACKGROUND)
    colours = _colours({box.label for row in rows for tile in row for box in tile.boxes})
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        left = GAP
        for tile in row:
            picture = _draw_tile(tile, height, colours)
            sheet.paste(picture, (left, top))
            left += picture.width + GAP
        top += height + CAPTION_HEIGHT + GAP
    sheet.save(path)


def _rows(tiles: Iterable[Tile]) -> Iterator[list[Tile]]:
    row: list[Tile] = []
    for tile in tiles:
        row.append(tile)
        if _row_height(row) <= ROW_HEIGHT:
            yield row
            row = []
    if row:
        yield row


def _row_height(row: list[Tile]) -> int:
    """Return the height at which the tiles fill the width, or less for a row of few tiles."""
    room = WIDTH - GAP * (len(row) + 1)
    return min(int(room / sum(tile.aspect for tile in row)), int(ROW_HEIGHT * 1.25))


def _draw_tile(
    tile: Tile, height: int, colours: dict[str, tuple[int, int, int]]
) -> PIL.Image.Image:
    scale = height / tile.image.height
    width = int(tile.image.width * scale)
    picture = PIL.Image.new("RGB", (width, height + CAPTION_HEIGHT), BACKGROUND)
    picture.paste(tile.image.convert("RGB").resize((width, height), PIL.Image.Resampling.LANCZOS))
    draw = PIL.ImageDraw.Draw(picture)
    for box in sorted(tile.boxes, key=lambda box: box.score):
        left, top, right, bottom = (side * scale for side in box.ltrb)
        ltrb = (left, top, min(right, width - 1), min(bottom, height - 1))
        _draw_box(draw, box, ltrb, colours[box.label])
    found = f"{len(tile.boxes)} found" if tile.boxes else "nothing found"
    draw.text((0, height + 6), f"{tile.caption}: {found}", INK, PIL.ImageFont.load_default(16))
    return picture


def _draw_box(
    draw: PIL.ImageDraw.ImageDraw,
    box: Box,
    ltrb: tuple[float, float, float, float],
    colour: tuple[int, int, int],
) -> None:
    left, top, _, _ = ltrb
    draw.rectangle(ltrb, outline=colour, width=3)
    font = PIL.ImageFont.load_default(15)
    text = f"{box.label} {box.score:.2f}"
    width = draw.textlength(text, font)
    above = max(top - 20, 0)
    draw.rectangle((left, above, left + width + 8, above + 20), fill=colour)
    draw.text((left + 4, above + 1), text, INK, font)


def _colours(labels: set[str]) -> dict[str, tuple[int, int, int]]:
    return {
        label: _bright_colour(FIRST_HUE + number / len(labels))
        for number, label in enumerate(sorted(labels))
    }


def _bright_colour(hue: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue % 1, 0.68, 0.95))
    return red, green, blue
