import { describe, expect, test } from "vitest";
import {
  boxAround,
  extent,
  handles,
  hits,
  moved,
  type Outline,
  outlineBox,
  reshaped,
  TURN,
  turned,
  withoutPoint,
  withPoint,
} from "../../src/core/geometry";

const element = (label_id: number, x: number, y: number, outside = false) => ({
  label_id,
  type: "points" as const,
  frame: 0,
  points: [x, y],
  outside,
});
const OUTLINES: Record<string, Outline> = {
  rectangle: { type: "rectangle", points: [10, 10, 30, 20] },
  rotated: { type: "rectangle", points: [10, 10, 30, 20], rotation: 90 },
  polygon: { type: "polygon", points: [10, 10, 30, 10, 20, 30] },
  polyline: { type: "polyline", points: [10, 10, 30, 10] },
  points: { type: "points", points: [10, 10, 30, 10] },
  ellipse: { type: "ellipse", points: [20, 20, 30, 15] },
  mask: { type: "mask", points: [1, 1, 1, 1, 10, 10, 11, 11] },
  skeleton: {
    type: "skeleton",
    points: [],
    elements: [element(1, 10, 10), element(2, 30, 30), element(3, 90, 90, true)],
  },
  cuboid: { type: "cuboid", points: [10, 14, 10, 30, 26, 14, 26, 30, 30, 10, 30, 26, 14, 10, 14, 26] },
};

test.each([
  ["rectangle", 20, 15, true],
  ["rectangle", 32, 15, true],
  ["rectangle", 34, 15, false],
  ["rotated", 20, 6, true],
  ["rotated", 29, 15, false],
  ["polygon", 20, 15, true],
  ["polygon", 11, 25, false],
  ["polyline", 20, 12, true],
  ["polyline", 20, 14, false],
  ["points", 31, 11, true],
  ["points", 20, 10, false],
  ["ellipse", 20, 16, true],
  ["ellipse", 30, 27, false],
  ["mask", 10.5, 10.5, false],
  ["mask", 11.5, 10.5, true],
  ["mask", 12.5, 10.5, false],
  ["skeleton", 20, 20, true],
  ["skeleton", 60, 60, false],
  ["cuboid", 29, 20, true],
  ["cuboid", 12, 12, true],
  ["cuboid", 40, 20, false],
])("a %s at %d, %d is hit: %s", (name, x, y, expected) => {
  expect(hits(OUTLINES[name]!, { x, y }, 3)).toBe(expected);
});

test.each([
  ["rectangle", { left: 10, top: 10, right: 30, bottom: 20 }],
  ["rotated", { left: 15, top: 5, right: 25, bottom: 25 }],
  ["ellipse", { left: 10, top: 15, right: 30, bottom: 25 }],
  ["mask", { left: 10, top: 10, right: 12, bottom: 12 }],
  ["skeleton", { left: 10, top: 10, right: 30, bottom: 30 }],
])("the box around a %s is where it is seen", (name, box) => {
  const found = outlineBox(OUTLINES[name]!);
  for (const side of ["left", "top", "right", "bottom"] as const) expect(found[side]).toBeCloseTo(box[side]);
});

describe.each(Object.entries(OUTLINES))("a %s that is moved", (_, outline) => {
  const before = outlineBox(outline),
    after = outlineBox(moved(outline, 5, -3));
  test("has its box moved as far", () => {
    expect(after.left - before.left).toBeCloseTo(5);
    expect(after.bottom - before.bottom).toBeCloseTo(-3);
    expect(extent(moved(outline, 5, -3))).toBeCloseTo(extent(outline));
  });
});

test("a corner that is pulled past the other one makes a box all the same", () => {
  expect(reshaped(OUTLINES["rectangle"]!, 0, { x: 50, y: 40 }).points).toEqual([30, 20, 50, 40]);
});

test("a side moves alone", () => {
  expect(reshaped(OUTLINES["rectangle"]!, 3, { x: 40, y: 99 }).points).toEqual([10, 10, 40, 20]);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7])(
  "what lies opposite of handle %d of a rotated box stays where it is",
  (handle) => {
    const outline: Outline = { type: "rectangle", points: [10, 10, 50, 30], rotation: 33 },
      opposite = (handle + 4) % 8;
    const taken = handles(outline)[handle]!.at,
      outwards = { x: 30 + 1.5 * (taken.x - 30), y: 20 + 1.5 * (taken.y - 20) };
    const before = handles(outline)[opposite]!.at,
      after = handles(reshaped(outline, handle, outwards))[opposite]!.at;
    expect(after.x).toBeCloseTo(before.x, 1);
    expect(after.y).toBeCloseTo(before.y, 1);
  },
);

test("an ellipse is stored as its centre, its right and its upper end, after a pull as well", () => {
  expect(reshaped(OUTLINES["ellipse"]!, 3, { x: 40, y: 20 }).points).toEqual([25, 20, 40, 15]);
});

test("a shape is turned to where the handle is", () => {
  expect(turned(OUTLINES["rectangle"]!, { x: 40, y: 15 }).rotation).toBe(90);
  expect(turned(OUTLINES["rectangle"]!, { x: 20, y: 0 }).rotation).toBe(0);
  expect(handles(OUTLINES["rectangle"]!)).toHaveLength(TURN);
});

test("a point of a skeleton that is put somewhere is seen from then on", () => {
  const after = reshaped(OUTLINES["skeleton"]!, 2, { x: 50, y: 60 });
  expect(after.elements![2]).toMatchObject({ points: [50, 60], outside: false });
});

test.each([
  ["polygon", 20, 9, [10, 10, 20, 9, 30, 10, 20, 30]],
  ["polygon", 14.5, 20, [14.5, 20, 10, 10, 30, 10, 20, 30]],
  ["polyline", 20, 11, [10, 10, 20, 11, 30, 10]],
  ["polygon", 20, 15, undefined],
  ["rectangle", 20, 10, undefined],
])("a %s gets a point at %d, %d where a side is near: %j", (name, x, y, points) => {
  expect(withPoint(OUTLINES[name]!, { x, y }, 3)?.points).toEqual(points);
});

test("a point is removed as long as enough are left", () => {
  expect(withoutPoint(OUTLINES["points"]!, 0)!.points).toEqual([30, 10]);
  expect(withoutPoint(OUTLINES["polygon"]!, 0)).toBeNull();
  expect(withoutPoint(OUTLINES["rectangle"]!, 0)).toBeNull();
});

test("nothing is around no points", () => expect(boxAround([]).left).toBe(Infinity));
