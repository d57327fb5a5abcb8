// Outlines on a canvas, each in the way of its type.

import {
  cuboidFaces,
  ellipseRadii,
  type Outline,
  pairs,
  type Point,
  rectangleCorners,
} from "../core/geometry";
import { type Bitmap, spansOf } from "../core/mask";
import { skeletonOf } from "../core/skeleton";
import type { Label } from "../core/wire";

export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

interface Look {
  fill: number;
  dot: number;
  label?: Label | undefined;
  find?: (id: number) => Label | undefined;
}

export function trace(context: Context, outline: Outline, { fill, dot, label, find }: Look): void {
  const { points } = outline;
  switch (outline.type) {
    case "rectangle":
      if (!outline.rotation) return upright(context, points, fill);
      return area(context, rectangleCorners(points, outline.rotation), fill);
    case "polygon":
      return area(context, pairs(points), fill);
    case "cuboid":
      return cuboidFaces(points).forEach((face, i) => area(context, face, i ? 0 : fill));
    case "polyline":
      path(context, pairs(points));
      return context.stroke();
    case "points":
      return pairs(points).forEach((p) => spot(context, p, dot));
    case "ellipse": {
      const { cx, cy, rx, ry } = ellipseRadii(points);
      context.beginPath();
      context.ellipse(cx, cy, rx, ry, ((outline.rotation ?? 0) * Math.PI) / 180, 0, 2 * Math.PI);
      context.stroke();
      return filled(context, fill);
    }
    case "mask":
      return pixels(context, points, fill);
    case "skeleton":
      return bones(context, outline, dot, label, find);
  }
}

/** Most shapes are such; browsers paint them several times as fast as a path. */
function upright(context: Context, points: readonly number[], fill: number): void {
  const [left = 0, top = 0, right = 0, bottom = 0] = points;
  context.strokeRect(left, top, right - left, bottom - top);
  if (!fill) return;
  context.globalAlpha = fill;
  context.fillRect(left, top, right - left, bottom - top);
  context.globalAlpha = 1;
}

export function path(context: Context, corners: readonly Point[]): void {
  context.beginPath();
  corners.forEach((p, i) => (i ? context.lineTo(p.x, p.y) : context.moveTo(p.x, p.y)));
}

function area(context: Context, corners: readonly Point[], fill: number): void {
  path(context, corners);
  context.closePath();
  context.stroke();
  filled(context, fill);
}

export function filled(context: Context, fill: number): void {
  if (!fill) return;
  context.globalAlpha = fill;
  context.fill();
  context.globalAlpha = 1;
}

export function spot(context: Context, { x, y }: Point, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function bones(
  context: Context,
  outline: Outline,
  dot: number,
  label: Label | undefined,
  find?: Look["find"],
): void {
  const at = new Map(
    (outline.elements ?? []).filter((each) => !each.outside).map((each) => [each.label_id, each]),
  );
  for (const [a, b] of label ? skeletonOf(label).edges : []) {
    const p = at.get(a),
      q = at.get(b);
    if (!p || !q) continue;
    path(context, [...pairs(p.points), ...pairs(q.points)]);
    context.stroke();
  }
  for (const each of at.values()) {
    context.fillStyle = find?.(each.label_id)?.color ?? context.strokeStyle;
    context.globalAlpha = each.occluded ? 0.5 : 1;
    pairs(each.points).forEach((p) => spot(context, p, dot * 1.2));
    context.globalAlpha = 1;
  }
}

/** The outline of a mask is made once; a mask that changes has other points. */
const outlines = new WeakMap<readonly number[], Path2D>();

function pixels(context: Context, points: readonly number[], fill: number): void {
  const known = outlines.get(points) ?? new Path2D();
  if (!outlines.has(points)) {
    for (const { left, top, right, bottom } of spansOf(points))
      known.rect(left, top, right - left, bottom - top);
    outlines.set(points, known);
  }
  context.globalAlpha = 0.3 + fill;
  context.fill(known);
  context.globalAlpha = 1;
}

export function colored({ width, height, pixels: set }: Bitmap, color: string): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height),
    context = canvas.getContext("2d")!,
    image = context.createImageData(width, height);
  const words = new Uint32Array(image.data.buffer),
    word = wordOf(color);
  for (let i = 0; i < set.length; i++) if (set[i]) words[i] = word;
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A pixel as it lies in memory: red first. */
function wordOf(color: string): number {
  const value = Number.parseInt(color.slice(1, 7), 16);
  return 0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16);
}

export function knob(context: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}
