import { expect, test } from "vitest";
import { fit, panned, showing, toImage, toScreen, zoomed } from "../../src/core/viewport";

const IMAGE = { width: 1920, height: 1080 },
  SCREEN = { width: 1000, height: 700 };

test("an image that is fitted lies in the middle, and whole in sight", () => {
  const view = fit(IMAGE, SCREEN),
    a = toScreen(view, { x: 0, y: 0 }),
    b = toScreen(view, { x: 1920, y: 1080 });
  expect(a.x).toBeCloseTo(24);
  expect(a.x + b.x).toBeCloseTo(SCREEN.width);
  expect(a.y + b.y).toBeCloseTo(SCREEN.height);
});

test("what is under the pointer stays there when one zooms", () => {
  const view = fit(IMAGE, SCREEN),
    at = { x: 300, y: 200 },
    before = toImage(view, at),
    after = toImage(zoomed(view, at, 3), at);
  expect(after.x).toBeCloseTo(before.x);
  expect(after.y).toBeCloseTo(before.y);
});

test("there is an end to zooming", () => {
  let view = fit(IMAGE, SCREEN);
  for (let i = 0; i < 100; i++) view = zoomed(view, { x: 0, y: 0 }, 2);
  expect(view.scale).toBe(64);
});

test("the image cannot be lost out of sight", () => {
  const view = panned(fit(IMAGE, SCREEN), 1e6, -1e6, IMAGE, SCREEN);
  expect(view.x).toBe(SCREEN.width - 40);
  expect(view.y + IMAGE.height * view.scale).toBeCloseTo(40);
});

test("a small object is brought near, one that is well in sight changes nothing", () => {
  const view = fit(IMAGE, SCREEN);
  expect(showing(view, { left: 100, top: 100, right: 600, bottom: 500 }, SCREEN)).toBe(view);
  const near = showing(view, { left: 100, top: 100, right: 110, bottom: 110 }, SCREEN);
  expect(near.scale).toBe(8);
  expect(toScreen(near, { x: 105, y: 105 })).toEqual({ x: 500, y: 350 });
});
