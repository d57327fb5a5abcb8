// Puts a frame and what is on it onto a canvas.

import type { Drawing, Tool } from "../core/drawing";
import {
  type Box,
  boxOf,
  cuboidFaces,
  ellipseRadii,
  handles,
  type Outline,
  outlineBox,
  pairs,
  type Point,
  rectangleCorners,
} from "../core/geometry";
import { scoreOf } from "../core/looking";
import { type Bitmap, spansOf } from "../core/mask";
import type { Prompting } from "../core/prompting";
import { type Size, toImage, toScreen, type Viewport } from "../core/viewport";
import { skeletonOf } from "../core/skeleton";
import type { Label } from "../core/wire";
import type { Item } from "./bench";

export interface Scene {
  view: Viewport;
  ratio: number;
  backdrop: string;
  bitmap: ImageBitmap | null;
  items: readonly Item[];
  selected: ReadonlySet<number>;
  pointed: number | null;
  preview: { key: number; outline: Outline } | null;
  drawing: Drawing;
  tool: Tool;
  color: string;
  radius: number;
  pointer: Point | null;
  prompting: Prompting | null;
  label: (id: number) => Label | undefined;
}

const MANY = 60;
const FONT = "12px system-ui, sans-serif";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** What is at rest, painted once: the frame and its shapes, of the part in sight and some around it. */
export class Layer {
  private made: { scene: Scene; part: Box } | null = null;
  private readonly canvas = new OffscreenCanvas(1, 1);
  private readonly context = this.canvas.getContext("2d", { alpha: false })!;

  /** Put it onto a canvas; it is painted anew only if it isn't what it was. */
  onto(context: CanvasRenderingContext2D, scene: Scene, shapes: readonly Item[]): void {
    const { view, ratio } = scene,
      s = view.scale * ratio,
      seen = inSight(scene, context.canvas, 0);
    if (seen.left >= seen.right || seen.top >= seen.bottom) return;
    if (!this.made || !isSame(this.made.scene, scene) || !holds(this.made.part, seen))
      this.paint(scene, shapes, inSight(scene, context.canvas, 0.5));
    const { part } = this.made!;
    context.drawImage(
      this.canvas,
      Math.round(part.left * s + view.x * ratio),
      Math.round(part.top * s + view.y * ratio),
    );
  }

  private paint(scene: Scene, shapes: readonly Item[], part: Box): void {
    const { context, canvas } = this,
      s = scene.view.scale * scene.ratio;
    canvas.width = Math.ceil((part.right - part.left) * s);
    canvas.height = Math.ceil((part.bottom - part.top) * s);
    context.setTransform(s, 0, 0, s, -part.left * s, -part.top * s);
    // Who zooms in wants to see the pixels.
    context.imageSmoothingEnabled = scene.view.scale < 3;
    context.imageSmoothingQuality = "low";
    context.drawImage(scene.bitmap!, 0, 0);
    context.imageSmoothingEnabled = false;
    for (const item of shapes) paintItem(context, scene, item);
    this.made = { scene, part };
  }
}

/** The part of the image on the canvas, with so much of a canvas around it, in whole pixels. */
function inSight({ view, ratio, bitmap }: Scene, canvas: Size, around: number): Box {
  const width = canvas.width / ratio,
    height = canvas.height / ratio;
  const from = toImage(view, { x: -around * width, y: -around * height }),
    to = toImage(view, { x: (1 + around) * width, y: (1 + around) * height });
  return {
    left: Math.max(0, Math.floor(from.x)),
    top: Math.max(0, Math.floor(from.y)),
    right: Math.min(bitmap!.width, Math.ceil(to.x)),
    bottom: Math.min(bitmap!.height, Math.ceil(to.y)),
  };
}

const AT_REST = ["bitmap", "ratio", "items", "selected", "pointed", "preview"] as const;

function isSame(a: Scene, b: Scene): boolean {
  return a.view.scale === b.view.scale && AT_REST.every((part) => a[part] === b[part]);
}

function holds(a: Box, b: Box): boolean {
  return a.left <= b.left && a.top <= b.top && a.right >= b.right && a.bottom >= b.bottom;
}

export function paint(context: CanvasRenderingContext2D, layer: Layer, scene: Scene): void {
  const { canvas } = context,
    { ratio } = scene;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = scene.backdrop;
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (!scene.bitmap) return;
  const shapes = scene.items.filter((item) => item.outline);
  layer.onto(context, scene, shapes);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  paintNames(context, scene, shapes);
  for (const item of shapes)
    if (scene.selected.has(item.key) && !item.suggested) paintHandles(context, scene, outlineIn(scene, item));
  paintDrawing(context, scene);
  if (scene.prompting) paintPrompts(context, scene, scene.prompting);
}

function outlineIn({ preview }: Scene, item: Item): Outline {
  return preview?.key === item.key ? preview.outline : item.outline!;
}

function paintItem(context: Context, scene: Scene, item: Item): void {
  const label = scene.label(item.annotation.value.label_id),
    color = label?.color ?? "#888888";
  const strong = scene.selected.has(item.key) || scene.pointed === item.key,
    { scale } = scene.view;
  context.lineWidth = (strong ? 2.5 : 1.5) / scale;
  context.strokeStyle = color;
  context.fillStyle = color;
  context.setLineDash(item.suggested ? [6 / scale, 4 / scale] : []);
  trace(context, outlineIn(scene, item), {
    fill: strong ? 0.2 : scene.items.length > MANY ? 0.05 : 0.12,
    dot: (strong ? 4 : 3) / scale,
    label,
    find: scene.label,
  });
  context.setLineDash([]);
}

interface Look {
  fill: number;
  dot: number;
  label?: Label | undefined;
  find?: (id: number) => Label | undefined;
}

function trace(context: Context, outline: Outline, { fill, dot, label, find }: Look): void {
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

function path(context: Context, corners: readonly Point[]): void {
  context.beginPath();
  corners.forEach((p, i) => (i ? context.lineTo(p.x, p.y) : context.moveTo(p.x, p.y)));
}

function area(context: Context, corners: readonly Point[], fill: number): void {
  path(context, corners);
  context.closePath();
  context.stroke();
  filled(context, fill);
}

function filled(context: Context, fill: number): void {
  if (!fill) return;
  context.globalAlpha = fill;
  context.fill();
  context.globalAlpha = 1;
}

function spot(context: Context, { x, y }: Point, radius: number): void {
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

function colored({ width, height, pixels: set }: Bitmap, color: string): OffscreenCanvas {
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

function paintNames(context: CanvasRenderingContext2D, scene: Scene, shapes: readonly Item[]): void {
  context.font = FONT;
  context.textBaseline = "middle";
  for (const item of shapes) {
    const strong = scene.selected.has(item.key) || scene.pointed === item.key;
    if (!strong && shapes.length > MANY) continue;
    const label = scene.label(item.annotation.value.label_id),
      score = scoreOf(item.annotation);
    const text = `${label?.name ?? "?"}${item.annotation.kind === "tracks" ? " ⋯" : ""}${score < 1 ? ` ${Math.round(score * 100)} %` : ""}`;
    const box = outlineBox(outlineIn(scene, item)),
      at = toScreen(scene.view, { x: box.left, y: box.top });
    const width = context.measureText(text).width + 10,
      y = Math.max(9, at.y - 9);
    context.globalAlpha = strong ? 1 : 0.85;
    context.fillStyle = label?.color ?? "#888888";
    context.beginPath();
    context.roundRect(at.x - 1, y - 9, width, 17, 3);
    context.fill();
    context.fillStyle = isBright(label?.color ?? "#888888") ? "#10201a" : "#ffffff";
    context.fillText(text, at.x + 4, y);
    context.globalAlpha = 1;
  }
}

export function isBright(color: string): boolean {
  const value = Number.parseInt(color.slice(1, 7), 16);
  return 0.299 * (value >> 16) + 0.587 * ((value >> 8) & 255) + 0.114 * (value & 255) > 150;
}

/** Where the handle is by which a box is turned, on the screen. */
export function turnHandle(view: Viewport, outline: Outline): Point | null {
  if (outline.type !== "rectangle" && outline.type !== "ellipse") return null;
  const all = handles(outline),
    top = toScreen(view, all[1]!.at),
    bottom = toScreen(view, all[5]!.at);
  const length = Math.hypot(top.x - bottom.x, top.y - bottom.y) || 1;
  return { x: top.x + ((top.x - bottom.x) / length) * 22, y: top.y + ((top.y - bottom.y) / length) * 22 };
}

function paintHandles(context: CanvasRenderingContext2D, { view }: Scene, outline: Outline): void {
  context.lineWidth = 1.5;
  context.strokeStyle = "#10201a";
  context.fillStyle = "#ffffff";
  for (const { at } of handles(outline)) knob(context, toScreen(view, at), 4);
  const turn = turnHandle(view, outline);
  if (turn) knob(context, turn, 5);
}

function knob(context: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

function paintDrawing(context: CanvasRenderingContext2D, scene: Scene): void {
  const { drawing, view, ratio, color } = scene,
    s = view.scale * ratio;
  context.setTransform(s, 0, 0, s, view.x * ratio, view.y * ratio);
  context.lineWidth = 2 / view.scale;
  context.strokeStyle = context.fillStyle = color;
  if (drawing.at === "box") {
    const { left, top, right, bottom } = boxOf(drawing.from, drawing.to);
    const ellipse = [(left + right) / 2, (top + bottom) / 2, right, top];
    trace(
      context,
      scene.tool === "ellipse"
        ? { type: "ellipse", points: ellipse }
        : { type: "rectangle", points: [left, top, right, bottom] },
      { fill: 0.15, dot: 0 },
    );
  }
  if (drawing.at === "corners") {
    path(context, [...drawing.points, drawing.next]);
    if (scene.tool !== "points") context.stroke();
    if (scene.tool === "polygon") filled(context, 0.15);
    drawing.points.forEach((p) => spot(context, p, 4 / view.scale));
  }
  if (drawing.at === "painting" && drawing.bitmap) {
    context.globalAlpha = 0.5;
    context.drawImage(colored(drawing.bitmap, color), drawing.bitmap.left, drawing.bitmap.top);
    context.globalAlpha = 1;
  }
  if (scene.pointer && (scene.tool === "brush" || scene.tool === "eraser")) {
    context.lineWidth = 1.5 / view.scale;
    context.strokeStyle = scene.tool === "brush" ? color : "#ffffff";
    context.beginPath();
    context.arc(scene.pointer.x, scene.pointer.y, scene.radius, 0, 2 * Math.PI);
    context.stroke();
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

function paintPrompts(
  context: CanvasRenderingContext2D,
  scene: Scene,
  { prompts, found, pulling }: Prompting,
): void {
  const { view, ratio, color } = scene,
    s = view.scale * ratio;
  context.setTransform(s, 0, 0, s, view.x * ratio, view.y * ratio);
  context.lineWidth = 2 / view.scale;
  context.strokeStyle = context.fillStyle = color;
  for (const each of found) trace(context, each, { fill: 0.25, dot: 4 / view.scale });
  context.setLineDash([5 / view.scale, 4 / view.scale]);
  const box = pulling ? boxOf(pulling.from, pulling.to) : prompts.box;
  if (box)
    trace(
      context,
      { type: "rectangle", points: [box.left, box.top, box.right, box.bottom] },
      { fill: 0, dot: 0 },
    );
  context.setLineDash([]);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.lineWidth = 2;
  context.strokeStyle = "#ffffff";
  for (const [all, fill, sign] of [
    [prompts.positive, "#1f8f5f", "+"],
    [prompts.negative, "#c0392b", "−"],
  ] as const) {
    for (const p of all) {
      const at = toScreen(view, p);
      context.fillStyle = fill;
      knob(context, at, 7);
      context.fillStyle = "#ffffff";
      context.font = "bold 12px system-ui, sans-serif";
      context.textAlign = "center";
      context.fillText(sign, at.x, at.y + 0.5);
      context.textAlign = "start";
    }
  }
}
