import { describe, expect, test } from "vitest";
import { decode, encode, maskBox, maskHas, spansOf, stroke } from "../../src/core/mask";
import { bitmap, grid } from "./grids";

test("the hub's own example is read: zeros come first, the box is inclusive", () => {
  expect(grid([0, 2, 1, 1, 2, 1])).toEqual(["##"]);
  expect(maskBox([0, 2, 1, 1, 2, 1])).toEqual({ left: 1, top: 1, right: 3, bottom: 2 });
});

describe.each([
  [["#"], [0, 1, 0, 0, 0, 0]],
  [
    ["...", ".##"],
    [0, 2, 1, 1, 2, 1],
  ],
  [
    ["#.#", ".#."],
    [0, 1, 1, 1, 1, 1, 1, 0, 0, 2, 1],
  ],
  [
    ["....", ".##.", ".#..", "...."],
    [0, 3, 1, 1, 1, 2, 2],
  ],
])("a mask %j", (rows, points) => {
  test("is encoded within its tightest box", () => expect(encode(bitmap(...rows))).toEqual(points));
  test("comes back as it was", () => expect(encode(decode(points))).toEqual(points));
  test("has just the pixels that are set", () => {
    const all = rows.map((row, y) => [...row].map((_, x) => (maskHas(points, x, y) ? "#" : ".")).join(""));
    expect(all).toEqual(rows);
  });
  test("is covered by its spans, each pixel once", () => {
    const counts = rows.map((row) => [...row].map(() => 0));
    for (const { left, top, right, bottom } of spansOf(points)) {
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) counts[y]![x]!++;
    }
    expect(counts.map((row) => row.map((n) => ".#"[n] ?? "?").join(""))).toEqual(rows);
  });
});

test("equal parts of rows are one span", () => {
  expect(spansOf(encode(bitmap("##.", "##.", "##."))!)).toEqual([{ left: 0, top: 0, right: 2, bottom: 3 }]);
  expect(spansOf(encode(bitmap("##.#", "##.#"))!)).toHaveLength(2);
});

test("a mask without a pixel is no mask", () => expect(encode(bitmap("..", ".."))).toBeNull());

const SIZE = { width: 8, height: 6 };

test("a brush paints a disc, and a pull a thick line", () => {
  expect(grid(encode(stroke(null, { x: 2.5, y: 2.5 }, { x: 2.5, y: 2.5 }, 1.2, true, SIZE)!)!)).toEqual([
    ".#.",
    "###",
    ".#.",
  ]);
  expect(grid(encode(stroke(null, { x: 1.5, y: 2.5 }, { x: 4.5, y: 2.5 }, 0.6, true, SIZE)!)!)).toEqual([
    "####",
  ]);
});

test("the brush doesn't reach out of the image", () => {
  const box = maskBox(encode(stroke(null, { x: 0, y: 0 }, { x: 8, y: 6 }, 20, true, SIZE)!)!);
  expect(box).toEqual({ left: 0, top: 0, right: 8, bottom: 6 });
});

test("the eraser wipes, and leaves what it was given as it was", () => {
  const before = bitmap("####", "####");
  expect(grid(encode(stroke(before, { x: 0.5, y: 0.5 }, { x: 0.5, y: 1.5 }, 0.6, false, SIZE)!)!)).toEqual([
    "###",
    "###",
  ]);
  expect(before.pixels.every(Boolean)).toBe(true);
});

test("a stroke grows a mask, also to its left and upper side", () => {
  const there = { left: 4, top: 3, width: 1, height: 1, pixels: Uint8Array.of(1) };
  const grown = stroke(there, { x: 1.5, y: 1.5 }, { x: 1.5, y: 1.5 }, 0.6, true, SIZE)!;
  expect(grid(encode(grown)!)).toEqual(["#...", "....", "...#"]);
});
