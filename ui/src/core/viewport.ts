// Which part of the image is seen: `scale` screen pixels for each of its own, moved by x and y.

import type { Box, Point } from "./geometry";

export interface Size {
  width: number;
  height: number;
}
export interface Viewport {
  scale: number;
  x: number;
  y: number;
}

const LEAST = 0.02,
  MOST = 64;

/** Show all of an image, in the middle, with some space around it. */
export function fit(image: Size, screen: Size, margin = 24): Viewport {
  const scale = Math.min(
    (screen.width - 2 * margin) / image.width,
    (screen.height - 2 * margin) / image.height,
  );
  const bounded = Math.min(MOST, Math.max(LEAST, scale));
  return {
    scale: bounded,
    x: (screen.width - image.width * bounded) / 2,
    y: (screen.height - image.height * bounded) / 2,
  };
}

export function toImage(view: Viewport, screen: Point): Point {
  return { x: (screen.x - view.x) / view.scale, y: (screen.y - view.y) / view.scale };
}

export function toScreen(view: Viewport, image: Point): Point {
  return { x: image.x * view.scale + view.x, y: image.y * view.scale + view.y };
}

/** Zoom so that what is under the pointer stays there. */
export function zoomed(view: Viewport, at: Point, factor: number): Viewport {
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor)),
    ratio = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

/** Move; some of the image stays in sight. */
export function panned(
  view: Viewport,
  dx: number,
  dy: number,
  image: Size,
  screen: Size,
  keep = 40,
): Viewport {
  const width = image.width * view.scale,
    height = image.height * view.scale;
  return {
    scale: view.scale,
    x: Math.min(screen.width - keep, Math.max(keep - width, view.x + dx)),
    y: Math.min(screen.height - keep, Math.max(keep - height, view.y + dy)),
  };
}

/** Show a box, so that it takes a third of the screen or more, if it isn't well in sight. */
export function showing(view: Viewport, box: Box, screen: Size): Viewport {
  const a = toScreen(view, { x: box.left, y: box.top }),
    b = toScreen(view, { x: box.right, y: box.bottom });
  const seen = a.x >= 0 && a.y >= 0 && b.x <= screen.width && b.y <= screen.height;
  if (seen && Math.max(b.x - a.x, b.y - a.y) > 40) return view;
  const width = Math.max(1, box.right - box.left),
    height = Math.max(1, box.bottom - box.top);
  const scale = Math.min(8, (0.4 * screen.width) / width, (0.4 * screen.height) / height);
  return {
    scale,
    x: screen.width / 2 - ((box.left + box.right) / 2) * scale,
    y: screen.height / 2 - ((box.top + box.bottom) / 2) * scale,
  };
}
