import { describe, expect, test } from "vitest";
import { endedAt, positionAt, spans, withKey, withoutKey } from "../../src/core/tracks";
import type { Track } from "../../src/core/wire";

const key = (frame: number, x: number, more: object = {}) => ({
  frame,
  type: "rectangle" as const,
  points: [x, 0, x + 10, 10],
  ...more,
});
const track = (...shapes: Track["shapes"]): Track => ({
  frame: shapes[0]!.frame,
  label_id: 1,
  attributes: [],
  shapes,
});

describe("where a track is", () => {
  const moving = track(key(2, 0), key(6, 40), key(8, 40, { outside: true }), key(10, 100));
  test.each([
    [0, null],
    [2, 0],
    [3, 10],
    [4, 20],
    [6, 40],
    [7, 40],
    [8, null],
    [9, null],
    [10, 100],
    [99, 100],
  ])("on frame %d: %s", (frame, x) => expect(positionAt(moving, frame)?.points[0] ?? null).toBe(x));
  test("a key frame is told from what lies between", () => {
    expect(positionAt(moving, 6)?.isKey).toBe(true);
    expect(positionAt(moving, 5)?.isKey).toBe(false);
  });
  test("it is seen from its first key frame to the one that ends it", () =>
    expect(spans(moving, 20)).toEqual([
      [2, 8],
      [10, 20],
    ]));
});

test("a box turns the short way round", () => {
  const turning = track(key(0, 0, { rotation: 350 }), key(10, 0, { rotation: 10 }));
  expect(positionAt(turning, 5)!.rotation).toBeCloseTo(0);
});

test("what has other points, or is a mask, stays until the next key frame", () => {
  const polygon = (frame: number, ...points: number[]) => ({ frame, type: "polygon" as const, points });
  expect(
    positionAt(track(polygon(0, 0, 0, 9, 0, 9, 9), polygon(4, 0, 0, 9, 0, 9, 9, 0, 9)), 2)!.points,
  ).toHaveLength(6);
  const mask = (frame: number, left: number) => ({
    frame,
    type: "mask" as const,
    points: [0, 1, left, 0, left, 0],
  });
  expect(positionAt(track(mask(0, 0), mask(4, 8)), 2)!.points.at(-4)).toBe(0);
});

test("the points of a skeleton go their own ways", () => {
  const part = (label_id: number, from: number, to: number) => ({
    label_id,
    frame: 0,
    shapes: [
      { frame: 0, type: "points" as const, points: [from, 0] },
      { frame: 4, type: "points" as const, points: [to, 0] },
    ],
  });
  const skeleton: Track = {
    ...track({ frame: 0, type: "skeleton", points: [] }),
    elements: [part(5, 0, 8), part(6, 10, 10)],
  };
  expect(positionAt(skeleton, 2)!.elements!.map(({ points }) => points[0])).toEqual([4, 10]);
});

test("a change on a frame makes it a key frame, and leaves the others", () => {
  const after = withKey(track(key(0, 0), key(10, 100)), 4, { type: "rectangle", points: [7, 0, 17, 10] });
  expect(after.shapes.map(({ frame }) => frame)).toEqual([0, 4, 10]);
  expect(positionAt(after, 4)!.points[0]).toBe(7);
  expect(positionAt(after, 2)!.points[0]).toBe(3.5);
});

test("a track that ends is gone from there on, with the key frames behind", () => {
  const after = endedAt(track(key(0, 0), key(10, 100)), 5);
  expect(positionAt(after, 4)).not.toBeNull();
  expect(positionAt(after, 5)).toBeNull();
  expect(after.shapes).toHaveLength(2);
});

test("the last key frame stays", () => {
  const one = track(key(0, 0));
  expect(withoutKey(one, 0)).toBe(one);
  expect(withoutKey(track(key(0, 0), key(5, 0)), 0)).toMatchObject({ frame: 5 });
});
