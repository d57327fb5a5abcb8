import { describe, expect, test } from "vitest";
import {
  type Drawing,
  drawn,
  IDLE,
  type Outlined,
  type Setting,
  type Step,
  type Tool,
} from "../../src/core/drawing";
import { skeletonOf } from "../../src/core/skeleton";
import type { Label } from "../../src/core/wire";

const SETTING = { image: { width: 100, height: 100 }, radius: 2, near: 4 };
const down = (x: number, y: number): Step => ({ type: "down", at: { x, y } });
const move = (x: number, y: number): Step => ({ type: "move", at: { x, y } });
const up = (x: number, y: number): Step => ({ type: "up", at: { x, y } });

function run(
  tool: Tool,
  steps: readonly Step[],
  more: Partial<Setting> = {},
): { drawing: Drawing; made: Outlined | undefined } {
  let drawing = IDLE,
    made: Outlined | undefined;
  for (const step of steps) {
    const outcome = drawn(drawing, step, { ...SETTING, tool, ...more });
    drawing = outcome.drawing;
    made = outcome.made ?? made;
  }
  return { drawing, made };
}

describe.each([
  ["a pull", [down(10, 20), move(30, 30), up(40, 60)]],
  ["two clicks", [down(10, 20), up(10, 20), move(30, 30), down(40, 60)]],
  ["a pull to the upper left", [down(40, 60), move(20, 20), up(10, 20)]],
])("%s", (_, steps) => {
  test.each([
    ["rectangle", [10, 20, 40, 60]],
    ["ellipse", [25, 40, 40, 20]],
  ] as const)("draws a %s", (tool, points) =>
    expect(run(tool, steps).made).toMatchObject({ type: tool, points }),
  );
  test("draws a cuboid of eight points", () => expect(run("cuboid", steps).made!.points).toHaveLength(16));
});

test("a box without an area is none", () =>
  expect(run("rectangle", [down(10, 10), up(50, 10)])).toEqual({ drawing: IDLE, made: undefined }));

test.each<[string, Tool, Step[], number[] | undefined]>([
  [
    "Enter ends a polygon",
    "polygon",
    [down(0, 0), down(50, 0), down(50, 50), { type: "finish" }],
    [0, 0, 50, 0, 50, 50],
  ],
  [
    "a click on the first corner ends a polygon",
    "polygon",
    [down(0, 0), down(50, 0), down(50, 50), down(2, 2)],
    [0, 0, 50, 0, 50, 50],
  ],
  ["two corners are no polygon yet", "polygon", [down(0, 0), down(50, 0), { type: "finish" }], undefined],
  ["two corners are a polyline", "polyline", [down(0, 0), down(50, 0), { type: "finish" }], [0, 0, 50, 0]],
  ["one point is enough", "points", [down(7, 8), { type: "finish" }], [7, 8]],
  [
    "the last corner is taken back",
    "polyline",
    [down(0, 0), down(50, 0), down(9, 9), { type: "back" }, { type: "finish" }],
    [0, 0, 50, 0],
  ],
  [
    "Escape drops all",
    "polygon",
    [down(0, 0), down(50, 0), down(50, 50), { type: "cancel" }, { type: "finish" }],
    undefined,
  ],
])("%s", (_, tool, steps, points) => expect(run(tool, steps).made?.points).toEqual(points));

test("a brush paints only while it is down", () => {
  const { made } = run("brush", [down(10, 10), up(10, 10), move(60, 60), { type: "finish" }]);
  expect(made!.points.slice(-4).every((side) => side < 15)).toBe(true);
});

test("the eraser works on the mask that it is given", () => {
  const bitmap = { left: 10, top: 10, width: 20, height: 1, pixels: new Uint8Array(20).fill(1) };
  const { made } = run("eraser", [down(10, 10), move(19, 10), up(19, 10), { type: "finish" }], { bitmap });
  expect(made!.points.slice(-4)).toEqual([21, 10, 29, 10]);
});

const SVG =
  '<line data-type="edge" data-node-from="1" data-node-to="2"></line><circle cx="20" cy="10" data-node-id="1" data-label-id="2"></circle><circle cx="80" cy="90" data-node-id="2" data-label-id="3"></circle>';
const sub = (id: number, name: string): Label => ({
  id,
  name,
  color: "#112233",
  type: "points",
  attributes: [],
  sublabels: [],
});
const SKELETON: Label = {
  ...sub(1, "body"),
  type: "skeleton",
  sublabels: [sub(2, "head"), sub(3, "foot")],
  svg: SVG,
};

test("a skeleton is spread over the box as its picture has it", () => {
  const { made } = run("skeleton", [down(0, 0), move(5, 5), up(50, 80)], { label: SKELETON });
  expect(made!.elements!.map(({ label_id, points }) => [label_id, ...points])).toEqual([
    [2, 0, 0],
    [3, 50, 80],
  ]);
  expect(skeletonOf(SKELETON).edges).toEqual([[2, 3]]);
});

test("without a picture the points of a skeleton lie on a circle", () => {
  const { made } = run("skeleton", [down(0, 0), up(40, 40)], { label: { ...SKELETON, svg: "" } });
  expect(made!.elements!.map(({ points }) => points)).toEqual([
    [20, 0],
    [20, 40],
  ]);
});
