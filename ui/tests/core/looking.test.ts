import { describe, expect, test } from "vitest";
import type { Annotation } from "../../src/core/document";
import { byDoubt, EVERYTHING, histogram, isOpen, isUndecided, passes } from "../../src/core/looking";

let keys = 0;
const shape = (frame: number, score?: number, source = "auto", label_id = 1): Annotation => ({
  key: ++keys,
  kind: "shapes",
  value: {
    frame,
    label_id,
    type: "rectangle",
    points: [],
    attributes: [],
    source,
    ...(score !== undefined && { score }),
  },
});
const track = (from: number, to: number): Annotation => ({
  key: ++keys,
  kind: "tracks",
  value: {
    frame: from,
    label_id: 1,
    attributes: [],
    shapes: [
      { frame: from, type: "rectangle", points: [] },
      { frame: to, type: "rectangle", points: [], outside: true },
    ],
  },
});

describe("filters", () => {
  test.each([
    ["a label that is hidden", { ...EVERYTHING, hiddenLabels: new Set([1]) }, shape(0), false],
    ["a score that is too low", { ...EVERYTHING, least: 0.5 }, shape(0, 0.4), false],
    ["a score that is too high", { ...EVERYTHING, most: 0.5 }, shape(0, 0.6), false],
    ["what has no score is certain", { ...EVERYTHING, least: 1 }, shape(0, undefined, "manual"), true],
    ["what is by hand, of models", { ...EVERYTHING, source: "auto" as const }, shape(0, 1, "manual"), false],
    ["what models found, of models", { ...EVERYTHING, source: "auto" as const }, shape(0, 1, "auto"), true],
  ])("%s", (_, filter, each, expected) => {
    expect(passes(filter, each)).toBe(expected);
    expect(isOpen(filter)).toBe(false);
  });
});

describe("the histogram", () => {
  test("has a bin for each frame as long as there is room", () => {
    expect(histogram([shape(0, 0.5), shape(0, 1), shape(2)], 4, 100)).toEqual([
      { count: 2, score: 0.75 },
      { count: 0, score: 0 },
      { count: 1, score: 1 },
      { count: 0, score: 0 },
    ]);
  });
  test("puts frames together when there are more", () =>
    expect(histogram([shape(0), shape(49_999), shape(99_999)], 100_000, 2).map(({ count }) => count)).toEqual(
      [2, 1],
    ));
  test("counts a track on each frame where it is seen", () =>
    expect(histogram([track(1, 3)], 5, 5).map(({ count }) => count)).toEqual([0, 1, 1, 0, 0]));
  test("leaves out what is filtered", () =>
    expect(histogram([shape(0, 0.2)], 1, 1, { ...EVERYTHING, least: 0.5 })[0]!.count).toBe(0));
});

describe("review", () => {
  test("begins with what is most doubtful, then goes along the frames", () => {
    const all = [shape(3, 0.9), shape(2, 0.4), shape(1, 0.4), shape(0, 0.1, "manual")];
    expect(byDoubt(all).map(({ value }) => value.frame)).toEqual([1, 2, 3]);
  });
  test.each([
    ["auto", true],
    ["semi-auto", false],
    ["manual", false],
  ])("what is %s is to be decided: %s", (source, expected) =>
    expect(isUndecided(shape(0, 1, source))).toBe(expected),
  );
});
