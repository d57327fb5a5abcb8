// Points, boxes, and where a shape is hit. All in pixels of the image; boxes exclude nothing.

import { maskBox, maskHas } from "./mask";
import type { Element, ShapeType } from "./wire";

export interface Point {
  x: number;
  y: number;
}
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** What has an outline: a shape, a key frame, or where a track is on a frame. */
export interface Outline {
  type: ShapeType;
  points: readonly number[];
  rotation?: number;
  elements?: readonly Element[];
}

/** A place where an outline can be taken and moved: a corner of its box, or one of its points. */
export interface Handle {
  index: number;
  at: Point;
  cursor: string;
}

const RADIANS = Math.PI / 180;

export function pairs(points: readonly number[]): Point[] {
  const found: Point[] = [];
  for (let i = 0; i + 1 < points.length; i += 2) found.push({ x: points[i]!, y: points[i + 1]! });
  return found;
}

export function boxAround(points: readonly Point[]): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

export function boxOf(a: Point, b: Point): Box {
  return boxAround([a, b]);
}

export function centre({ left, top, right, bottom }: Box): Point {
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}

export function rotated(point: Point, about: Point, degrees: number): Point {
  if (!degrees) return point;
  const cos = Math.cos(degrees * RADIANS),
    sin = Math.sin(degrees * RADIANS);
  const x = point.x - about.x,
    y = point.y - about.y;
  return { x: about.x + x * cos - y * sin, y: about.y + x * sin + y * cos };
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** How far a point is from the line between two others. */
export function distanceToSegment(p: Point, a: Point, b: Point): number {
  const dx = b.x - a.x,
    dy = b.y - a.y,
    length = dx * dx + dy * dy;
  const t = length ? Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length)) : 0;
  return distance(p, { x: a.x + t * dx, y: a.y + t * dy });
}

/** By the even-odd rule. */
export function insidePolygon(p: Point, corners: readonly Point[]): boolean {
  let inside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const a = corners[i]!,
      b = corners[j]!;
    if (a.y > p.y !== b.y > p.y && p.x < ((b.x - a.x) * (p.y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

/** The corners of a rectangle: from the upper left one, clockwise, as it is rotated. */
export function rectangleCorners(points: readonly number[], rotation = 0): Point[] {
  const box = boxAround(pairs(points)),
    middle = centre(box);
  return [
    { x: box.left, y: box.top },
    { x: box.right, y: box.top },
    { x: box.right, y: box.bottom },
    { x: box.left, y: box.bottom },
  ].map((corner) => rotated(corner, middle, rotation));
}

/** An ellipse is stored as its centre, and the point at its right and its upper end. */
export function ellipseRadii(points: readonly number[]): { cx: number; cy: number; rx: number; ry: number } {
  const [cx = 0, cy = 0, right = 0, top = 0] = points;
  return { cx, cy, rx: Math.abs(right - cx), ry: Math.abs(cy - top) };
}

/** The box around an outline as it is seen. */
export function outlineBox(outline: Outline): Box {
  switch (outline.type) {
    case "rectangle":
      return boxAround(rectangleCorners(outline.points, outline.rotation));
    case "ellipse": {
      const { cx, cy, rx, ry } = ellipseRadii(outline.points);
      return boxAround(rectangleCorners([cx - rx, cy - ry, cx + rx, cy + ry], outline.rotation));
    }
    case "mask":
      return maskBox(outline.points);
    case "skeleton":
      return boxAround((outline.elements ?? []).filter((e) => !e.outside).flatMap((e) => pairs(e.points)));
    default:
      return boxAround(pairs(outline.points));
  }
}

/** The size of the area that an outline covers, roughly: what is smaller is hit first. */
export function extent(outline: Outline): number {
  const { left, top, right, bottom } = outlineBox(outline);
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

/** Tell whether an outline is hit; `reach` is how near to a line or a point that is. */
export function hits(outline: Outline, p: Point, reach: number): boolean {
  const { points } = outline;
  switch (outline.type) {
    case "rectangle":
      return insideOrNear(p, rectangleCorners(points, outline.rotation), reach);
    case "polygon":
      return insideOrNear(p, pairs(points), reach);
    case "cuboid":
      return cuboidFaces(points).some((face) => insideOrNear(p, face, reach));
    case "polyline":
      return nearLine(p, pairs(points), reach);
    case "points":
      return pairs(points).some((each) => distance(p, each) <= reach * 1.5);
    case "ellipse": {
      const { cx, cy, rx, ry } = ellipseRadii(points);
      const back = rotated(p, { x: cx, y: cy }, -(outline.rotation ?? 0));
      return ((back.x - cx) / (rx + reach)) ** 2 + ((back.y - cy) / (ry + reach)) ** 2 <= 1;
    }
    case "mask":
      return maskHas(points, Math.floor(p.x), Math.floor(p.y));
    case "skeleton": {
      const box = outlineBox(outline);
      return (
        p.x >= box.left - reach &&
        p.x <= box.right + reach &&
        p.y >= box.top - reach &&
        p.y <= box.bottom + reach
      );
    }
  }
}

function insideOrNear(p: Point, corners: readonly Point[], reach: number): boolean {
  return insidePolygon(p, corners) || nearLine(p, [...corners, corners[0]!], reach);
}

function nearLine(p: Point, corners: readonly Point[], reach: number): boolean {
  return corners.some((corner, i) => i > 0 && distanceToSegment(p, corners[i - 1]!, corner) <= reach);
}

/** The front and the back of a cuboid, whose points go from edge to edge, upper before lower. */
export function cuboidFaces(points: readonly number[]): Point[][] {
  const c = pairs(points);
  if (c.length < 8) return [];
  const at = (...indices: number[]) => indices.map((i) => c[i]!);
  return [at(0, 2, 3, 1), at(2, 4, 5, 3), at(4, 6, 7, 5), at(6, 0, 1, 7)];
}

export function handles(outline: Outline): Handle[] {
  switch (outline.type) {
    case "mask":
      return [];
    case "rectangle":
      return boxHandles(outline.points, outline.rotation ?? 0);
    case "ellipse": {
      const { cx, cy, rx, ry } = ellipseRadii(outline.points);
      return boxHandles([cx - rx, cy - ry, cx + rx, cy + ry], outline.rotation ?? 0);
    }
    case "skeleton":
      return (outline.elements ?? []).map((each, index) => ({
        index,
        at: { x: each.points[0] ?? 0, y: each.points[1] ?? 0 },
        cursor: "move",
      }));
    default:
      return pairs(outline.points).map((at, index) => ({ index, at, cursor: "move" }));
  }
}

const CURSORS = ["nwse-resize", "ns-resize", "nesw-resize", "ew-resize"];
/** The handle above a box, by which it is turned. */
export const TURN = 8;

function boxHandles(points: readonly number[], rotation: number): Handle[] {
  const [a, b, c, d] = rectangleCorners(points, rotation) as [Point, Point, Point, Point];
  const mid = (p: Point, q: Point) => ({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 });
  const places = [a, mid(a, b), b, mid(b, c), c, mid(c, d), d, mid(d, a)];
  const quarter = Math.round(rotation / 45);
  return places.map((at, index) => ({ index, at, cursor: CURSORS[(((index + quarter) % 4) + 4) % 4]! }));
}

/** Return an outline moved by so much. */
export function moved<T extends Outline>(outline: T, dx: number, dy: number): T {
  if (outline.type === "mask") {
    const x = Math.round(dx),
      y = Math.round(dy),
      n = outline.points.length;
    return { ...outline, points: outline.points.map((v, i) => (i < n - 4 ? v : v + ((i - n) % 2 ? y : x))) };
  }
  const shift = (points: readonly number[]) => points.map((v, i) => round(v + (i % 2 ? dy : dx)));
  const elements = outline.elements?.map((each) => ({ ...each, points: shift(each.points) }));
  return { ...outline, points: shift(outline.points), ...(elements && { elements }) };
}

/** Return an outline of which one handle was moved to a place. */
export function reshaped<T extends Outline>(outline: T, handle: number, to: Point): T {
  if (outline.type === "rectangle")
    return { ...outline, points: resizedBox(outline.points, outline.rotation ?? 0, handle, to) };
  if (outline.type === "ellipse") {
    const { cx, cy, rx, ry } = ellipseRadii(outline.points);
    const [l, t, r, b] = resizedBox(
      [cx - rx, cy - ry, cx + rx, cy + ry],
      outline.rotation ?? 0,
      handle,
      to,
    ) as [number, number, number, number];
    return { ...outline, points: [(l + r) / 2, (t + b) / 2, r, t].map(round) };
  }
  if (outline.type === "skeleton") {
    const elements = outline.elements?.map((each, i) =>
      i === handle ? { ...each, points: [round(to.x), round(to.y)], outside: false } : each,
    );
    return { ...outline, ...(elements && { elements }) };
  }
  const points = [...outline.points];
  points[2 * handle] = round(to.x);
  points[2 * handle + 1] = round(to.y);
  return { ...outline, points };
}

const LEAST_POINTS: Partial<Record<ShapeType, number>> = { polygon: 3, polyline: 2, points: 1 };

/** Return an outline with one more point, on the side that is nearest; nothing if none is near. */
export function withPoint<T extends Outline>(outline: T, at: Point, reach: number): T | null {
  if (outline.type !== "polygon" && outline.type !== "polyline") return null;
  const corners = pairs(outline.points),
    closed = outline.type === "polygon";
  let index = -1,
    least = reach;
  for (let i = closed ? 0 : 1; i < corners.length; i++) {
    const far = distanceToSegment(at, corners.at(i - 1)!, corners[i]!);
    if (far <= least) [index, least] = [i, far];
  }
  if (index < 0) return null;
  return {
    ...outline,
    points: [
      ...outline.points.slice(0, 2 * index),
      round(at.x),
      round(at.y),
      ...outline.points.slice(2 * index),
    ],
  };
}

/** Return an outline without one of its points; nothing if it would be too few. */
export function withoutPoint<T extends Outline>(outline: T, index: number): T | null {
  const least = LEAST_POINTS[outline.type];
  if (least === undefined || outline.points.length <= 2 * least) return null;
  return { ...outline, points: outline.points.filter((_, i) => i >> 1 !== index) };
}

/** Return an outline turned so that its upper side looks to a place. */
export function turned<T extends Outline>(outline: T, towards: Point): T {
  const about =
    outline.type === "ellipse"
      ? { x: outline.points[0] ?? 0, y: outline.points[1] ?? 0 }
      : centre(boxAround(pairs(outline.points)));
  const degrees = Math.atan2(towards.x - about.x, about.y - towards.y) / RADIANS;
  return { ...outline, rotation: Math.round(((degrees + 360) % 360) * 10) / 10 };
}

/** The corner that lies opposite stays where it is, however the box is rotated. */
function resizedBox(points: readonly number[], rotation: number, handle: number, to: Point): number[] {
  const box = boxAround(pairs(points)),
    middle = centre(box);
  const local = rotated(to, middle, -rotation);
  const next = { ...box };
  if ([0, 6, 7].includes(handle)) next.left = local.x;
  if ([2, 3, 4].includes(handle)) next.right = local.x;
  if ([0, 1, 2].includes(handle)) next.top = local.y;
  if ([4, 5, 6].includes(handle)) next.bottom = local.y;
  // The middle moves, and the rotation is about the new one: bring the box there.
  const now = centre(next),
    there = rotated(now, middle, rotation);
  const dx = there.x - now.x,
    dy = there.y - now.y;
  const xs = [next.left + dx, next.right + dx].sort(ascending),
    ys = [next.top + dy, next.bottom + dy].sort(ascending);
  return [xs[0]!, ys[0]!, xs[1]!, ys[1]!].map(round);
}

const ascending = (a: number, b: number) => a - b;

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export function clamped(p: Point, width: number, height: number): Point {
  return { x: Math.min(width, Math.max(0, p.x)), y: Math.min(height, Math.max(0, p.y)) };
}
