// Masks as CVAT stores them: lengths of runs within a box, zeros first, then the box (inclusive).

import type { Box, Point } from "./geometry";

/** Pixels within a box; right and bottom are exclusive, `pixels` has a byte for each, row by row. */
export interface Bitmap {
  left: number;
  top: number;
  width: number;
  height: number;
  pixels: Uint8Array;
}

export function decode(points: readonly number[]): Bitmap {
  const n = points.length - 4;
  const [left, top, right, bottom] = points.slice(n) as [number, number, number, number];
  const width = right - left + 1,
    height = bottom - top + 1,
    pixels = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < n; i++) {
    const end = at + points[i]!;
    if (i % 2) pixels.fill(1, at, end);
    at = end;
  }
  return { left, top, width, height, pixels };
}

/** The parts of rows that are set, as boxes; a part that is the same in the next rows is one box with it. */
export function spansOf(points: readonly number[]): Box[] {
  const { left, top, right } = maskBox(points),
    width = right - left,
    found: Box[] = [];
  let open = new Map<number, Box>(),
    next = new Map<number, Box>(),
    row = 0;
  const add = (from: number, to: number, y: number) => {
    if (y !== row) {
      open = y === row + 1 ? next : new Map();
      next = new Map();
      row = y;
    }
    const above = open.get(from);
    if (above?.right === left + to) above.bottom = top + y + 1;
    const box =
      above?.right === left + to
        ? above
        : { left: left + from, top: top + y, right: left + to, bottom: top + y + 1 };
    if (box !== above) found.push(box);
    next.set(from, box);
  };
  for (let i = 0, at = 0; i < points.length - 4; i++) {
    const end = at + points[i]!;
    for (let from = at; i % 2 && from < end;) {
      const y = Math.floor(from / width),
        to = Math.min(end, (y + 1) * width);
      add(from - y * width, to - y * width, y);
      from = to;
    }
    at = end;
  }
  return found;
}

/** Return the runs within the tightest box; nothing if no pixel is set. */
export function encode(bitmap: Bitmap): number[] | null {
  const tight = tightened(bitmap);
  if (!tight) return null;
  const { left, top, width, height, pixels } = tight,
    runs: number[] = [];
  let value = 0,
    length = 0;
  for (const pixel of pixels) {
    if (pixel === value) length++;
    else {
      runs.push(length);
      value = pixel;
      length = 1;
    }
  }
  return [...runs, length, left, top, left + width - 1, top + height - 1];
}

/** The box around a mask; right and bottom are exclusive. */
export function maskBox(points: readonly number[]): Box {
  const [left = 0, top = 0, right = 0, bottom = 0] = points.slice(-4);
  return { left, top, right: right + 1, bottom: bottom + 1 };
}

/** Tell whether a pixel of the image belongs to a mask. */
export function maskHas(points: readonly number[], x: number, y: number): boolean {
  const { left, top, right, bottom } = maskBox(points);
  if (x < left || x >= right || y < top || y >= bottom) return false;
  const wanted = (y - top) * (right - left) + (x - left);
  let at = 0;
  for (let i = 0; i < points.length - 4; i++) {
    at += points[i]!;
    if (wanted < at) return i % 2 === 1;
  }
  return false;
}

/** Paint, or wipe, a line as thick as a brush; the bitmap grows within the image as it must. */
export function stroke(
  bitmap: Bitmap | null,
  from: Point,
  to: Point,
  radius: number,
  set: boolean,
  size: { width: number; height: number },
): Bitmap | null {
  const box = {
    left: Math.max(0, Math.floor(Math.min(from.x, to.x) - radius)),
    top: Math.max(0, Math.floor(Math.min(from.y, to.y) - radius)),
    right: Math.min(size.width, Math.ceil(Math.max(from.x, to.x) + radius) + 1),
    bottom: Math.min(size.height, Math.ceil(Math.max(from.y, to.y) + radius) + 1),
  };
  if (box.left >= box.right || box.top >= box.bottom || (!bitmap && !set)) return bitmap;
  const grown = set ? within(bitmap, box) : copyOf(bitmap!);
  const dx = to.x - from.x,
    dy = to.y - from.y,
    length = dx * dx + dy * dy,
    limit = radius * radius;
  const bottom = Math.min(box.bottom, grown.top + grown.height),
    right = Math.min(box.right, grown.left + grown.width);
  for (let y = Math.max(box.top, grown.top); y < bottom; y++) {
    for (let x = Math.max(box.left, grown.left); x < right; x++) {
      const px = x + 0.5 - from.x,
        py = y + 0.5 - from.y;
      const t = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
      if ((px - t * dx) ** 2 + (py - t * dy) ** 2 <= limit)
        grown.pixels[(y - grown.top) * grown.width + x - grown.left] = set ? 1 : 0;
    }
  }
  return grown;
}

function copyOf(bitmap: Bitmap): Bitmap {
  return { ...bitmap, pixels: bitmap.pixels.slice() };
}

/** Return a copy of a bitmap that reaches over a box as well. */
function within(bitmap: Bitmap | null, box: Box): Bitmap {
  const left = Math.min(box.left, bitmap?.left ?? Infinity),
    top = Math.min(box.top, bitmap?.top ?? Infinity);
  const right = Math.max(box.right, bitmap ? bitmap.left + bitmap.width : 0);
  const bottom = Math.max(box.bottom, bitmap ? bitmap.top + bitmap.height : 0);
  const width = right - left,
    height = bottom - top,
    pixels = new Uint8Array(width * height);
  for (let y = 0; bitmap && y < bitmap.height; y++) {
    const row = bitmap.pixels.subarray(y * bitmap.width, (y + 1) * bitmap.width);
    pixels.set(row, (y + bitmap.top - top) * width + bitmap.left - left);
  }
  return { left, top, width, height, pixels };
}

function tightened(bitmap: Bitmap): Bitmap | null {
  const { width, height, pixels } = bitmap;
  let left = width,
    right = -1,
    top = height,
    bottom = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!pixels[y * width + x]) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  if (right < 0) return null;
  const tight = new Uint8Array((right - left + 1) * (bottom - top + 1));
  for (let y = top; y <= bottom; y++) {
    tight.set(pixels.subarray(y * width + left, y * width + right + 1), (y - top) * (right - left + 1));
  }
  return {
    left: bitmap.left + left,
    top: bitmap.top + top,
    width: right - left + 1,
    height: bottom - top + 1,
    pixels: tight,
  };
}
