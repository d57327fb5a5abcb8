// What is at rest: the frame and its shapes.

import type { Drawing, Tool } from "../core/drawing";
import type { Box, Outline, Point } from "../core/geometry";
import type { Prompting } from "../core/prompting";
import { type Size, toImage, type Viewport } from "../core/viewport";
import type { Label } from "../core/wire";
import type { Item } from "./bench";
import { type Context, trace } from "./tracing";

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

/** From so many shapes on, they are told apart by their outlines alone. */
export const MANY = 60;

/** Painted once, of the part in sight and some around it. */
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

export function outlineIn({ preview }: Scene, item: Item): Outline {
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
