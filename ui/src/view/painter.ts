// Puts a frame and what is on it onto a canvas.

import { boxOf, handles, type Outline, outlineBox, type Point } from "../core/geometry";
import { scoreOf } from "../core/looking";
import type { Prompting } from "../core/prompting";
import { toScreen, type Viewport } from "../core/viewport";
import type { Item } from "./bench";
import { type Layer, MANY, outlineIn, type Scene } from "./layer";
import { colored, filled, knob, path, spot, trace } from "./tracing";

const FONT = "12px system-ui, sans-serif";

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
