// The tools that draw: machines that take what a pointer does, in pixels of the image, and say what
// is to be seen meanwhile and what came of it. No flags: each state says all.

import { type Box, boxOf, distance, type Point, round } from "./geometry";
import { type Bitmap, encode, stroke } from "./mask";
import { skeletonOf } from "./skeleton";
import type { Element, Label, Shape, ShapeType } from "./wire";
import type { Size } from "./viewport";

export type Tool =
  | "select"
  | "rectangle"
  | "ellipse"
  | "polygon"
  | "polyline"
  | "points"
  | "cuboid"
  | "brush"
  | "eraser"
  | "skeleton";
export type Outlined = Pick<Shape, "type" | "points"> & { elements?: Element[] };

export type Drawing =
  | { at: "idle" }
  | { at: "box"; from: Point; to: Point }
  | { at: "corners"; points: Point[]; next: Point }
  | { at: "painting"; bitmap: Bitmap | null; last: Point; down: boolean };

export type Step =
  | { type: "down"; at: Point }
  | { type: "move"; at: Point }
  | { type: "up"; at: Point }
  | { type: "finish" }
  | { type: "back" }
  | { type: "cancel" };

export interface Setting {
  tool: Tool;
  image: Size;
  radius: number;
  near: number;
  label?: Label | undefined;
  bitmap?: Bitmap | null;
}
export interface Outcome {
  drawing: Drawing;
  made?: Outlined;
}

export const IDLE: Drawing = { at: "idle" };
const LEAST: Partial<Record<Tool, number>> = { polygon: 3, polyline: 2, points: 1 };

export function drawn(drawing: Drawing, step: Step, setting: Setting): Outcome {
  if (step.type === "cancel") return { drawing: IDLE };
  switch (setting.tool) {
    case "rectangle":
    case "ellipse":
    case "cuboid":
    case "skeleton":
      return box(drawing, step, setting);
    case "polygon":
    case "polyline":
    case "points":
      return corners(drawing, step, setting);
    case "brush":
    case "eraser":
      return paint(drawing, step, setting);
    case "select":
      return { drawing: IDLE };
  }
}

function box(drawing: Drawing, step: Step, setting: Setting): Outcome {
  if (step.type === "down" && drawing.at === "idle")
    return { drawing: { at: "box", from: step.at, to: step.at } };
  if (drawing.at !== "box") return { drawing };
  if (step.type === "move") return { drawing: { ...drawing, to: step.at } };
  const isClick = distance(drawing.from, "at" in step ? step.at : drawing.to) < setting.near / 2;
  // Two clicks draw a box as well as one pull.
  if (step.type === "up" && isClick) return { drawing };
  if (step.type === "up" || step.type === "down") {
    const found = boxOf(drawing.from, step.at);
    if (found.right - found.left < 1 || found.bottom - found.top < 1) return { drawing: IDLE };
    return { drawing: IDLE, made: fromBox(found, setting) };
  }
  return { drawing };
}

export function fromBox(found: Box, { tool, label }: Pick<Setting, "tool" | "label">): Outlined {
  const { left, top, right, bottom } = found,
    cx = (left + right) / 2,
    cy = (top + bottom) / 2;
  switch (tool) {
    case "ellipse":
      return { type: "ellipse", points: [cx, cy, right, top].map(round) };
    case "cuboid": {
      const d = Math.min(right - left, bottom - top) * 0.25,
        r = right - d,
        t = top + d;
      return {
        type: "cuboid",
        points: [
          left,
          t,
          left,
          bottom,
          r,
          t,
          r,
          bottom,
          right,
          top,
          right,
          bottom - d,
          left + d,
          top,
          left + d,
          bottom - d,
        ].map(round),
      };
    }
    case "skeleton":
      return { type: "skeleton", points: [], elements: spread(found, label) };
    default:
      return { type: "rectangle", points: [left, top, right, bottom].map(round) };
  }
}

/** The points of a skeleton, as its picture has them, or around a circle if it has none. */
function spread(found: Box, label: Label | undefined): Element[] {
  const subs = label?.sublabels ?? [],
    places = label && skeletonOf(label).places;
  return subs.map((sub, i) => {
    const angle = (2 * Math.PI * i) / subs.length - Math.PI / 2;
    const at = places?.get(sub.id) ?? { x: 0.5 + Math.cos(angle) / 2, y: 0.5 + Math.sin(angle) / 2 };
    const x = found.left + at.x * (found.right - found.left),
      y = found.top + at.y * (found.bottom - found.top);
    return {
      label_id: sub.id,
      type: "points" as ShapeType,
      frame: 0,
      points: [round(x), round(y)],
      occluded: false,
      outside: false,
      attributes: [],
    };
  });
}

function corners(drawing: Drawing, step: Step, { tool, near }: Setting): Outcome {
  if (step.type === "down") {
    if (drawing.at !== "corners") return { drawing: { at: "corners", points: [step.at], next: step.at } };
    const [first] = drawing.points;
    if (tool === "polygon" && drawing.points.length >= 3 && first && distance(first, step.at) <= near)
      return finished(drawing.points, tool);
    return { drawing: { ...drawing, points: [...drawing.points, step.at], next: step.at } };
  }
  if (drawing.at !== "corners") return { drawing };
  switch (step.type) {
    case "move":
      return { drawing: { ...drawing, next: step.at } };
    case "back":
      return {
        drawing: drawing.points.length > 1 ? { ...drawing, points: drawing.points.slice(0, -1) } : IDLE,
      };
    case "finish":
      return drawing.points.length >= (LEAST[tool] ?? 1) ? finished(drawing.points, tool) : { drawing };
    default:
      return { drawing };
  }
}

function finished(points: readonly Point[], tool: Tool): Outcome {
  return {
    drawing: IDLE,
    made: { type: tool as ShapeType, points: points.flatMap((p) => [round(p.x), round(p.y)]) },
  };
}

function paint(drawing: Drawing, step: Step, { tool, image, radius, bitmap }: Setting): Outcome {
  const set = tool === "brush",
    now = drawing.at === "painting" ? drawing.bitmap : (bitmap ?? null);
  switch (step.type) {
    case "down":
      return {
        drawing: {
          at: "painting",
          bitmap: stroke(now, step.at, step.at, radius, set, image),
          last: step.at,
          down: true,
        },
      };
    case "move":
      if (drawing.at !== "painting" || !drawing.down) return { drawing };
      return {
        drawing: {
          ...drawing,
          bitmap: stroke(drawing.bitmap, drawing.last, step.at, radius, set, image),
          last: step.at,
        },
      };
    case "up":
      return { drawing: drawing.at === "painting" ? { ...drawing, down: false } : drawing };
    case "finish": {
      const points = drawing.at === "painting" && drawing.bitmap ? encode(drawing.bitmap) : null;
      return points ? { drawing: IDLE, made: { type: "mask", points } } : { drawing: IDLE };
    }
    default:
      return { drawing };
  }
}
