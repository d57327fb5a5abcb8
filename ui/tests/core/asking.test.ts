import { describe, expect, test } from "vitest";
import { followed, type Following, type FollowStep } from "../../src/core/following";
import { fits, suggested } from "../../src/core/mapping";
import { missing, NOTHING, type Prompting, prompted, type PromptStep } from "../../src/core/prompting";
import type { AiFunction, FunctionLabel, Label } from "../../src/core/wire";

const fn = (more: Partial<AiFunction>): AiFunction => ({
  id: 1,
  kind: "interactor",
  name: "f",
  visibility: "private",
  owner: null,
  created_date: "",
  ...more,
});
const click = (x: number, y: number, negative = false): PromptStep[] => [
  { type: "down", at: { x, y } },
  { type: "up", at: { x, y }, negative, near: 5 },
];
const run = (...steps: PromptStep[]): Prompting => steps.reduce(prompted, NOTHING);
const FOUND = [{ type: "mask" as const, points: [0, 1, 0, 0, 0, 0] }];

describe("click to segment", () => {
  test("clicks are points, and a pull is a box", () => {
    const { prompts } = run(
      ...click(1, 2),
      ...click(3, 4, true),
      { type: "down", at: { x: 50, y: 60 } },
      { type: "up", at: { x: 10, y: 20 }, negative: false, near: 5 },
    );
    expect(prompts).toEqual({
      positive: [{ x: 1, y: 2 }],
      negative: [{ x: 3, y: 4 }],
      box: { left: 10, top: 20, right: 50, bottom: 60 },
    });
  });

  test("an answer to earlier prompts doesn't take the place of a later one", () => {
    const state = run(
      ...click(1, 1),
      ...click(2, 2),
      { type: "answered", asked: 2, found: FOUND },
      { type: "answered", asked: 1, found: [] },
    );
    expect(state.found).toBe(FOUND);
  });

  test("an answer that comes after all was cleared is dropped", () => {
    const state = run(...click(1, 1), { type: "clear" }, { type: "answered", asked: 1, found: FOUND });
    expect(state.found).toEqual([]);
  });

  test("the preview stays while the model looks again, and goes with the last prompt", () => {
    const state = run(...click(1, 1), { type: "answered", asked: 1, found: FOUND }, ...click(2, 2, true));
    expect(state.found).toBe(FOUND);
    expect(run(...click(1, 1), { type: "answered", asked: 1, found: FOUND }, { type: "back" }).found).toEqual(
      [],
    );
  });

  test("only the refusal of the last prompts is told", () => {
    expect(run(...click(1, 1), ...click(2, 2), { type: "refused", asked: 1, problem: "no" }).problem).toBe(
      "",
    );
    expect(run(...click(1, 1), { type: "refused", asked: 1, problem: "no" }).problem).toBe("no");
  });

  const none = NOTHING.prompts,
    one = { x: 1, y: 1 },
    box = { left: 0, top: 0, right: 9, bottom: 9 };
  test.each([
    [{ min_pos_points: 1 }, none, "1 more left click"],
    [{ min_pos_points: 2 }, { ...none, positive: [one] }, "1 more left click"],
    [{ min_pos_points: 1, min_neg_points: 1 }, { ...none, positive: [one] }, "1 more right click"],
    [{ min_pos_points: 1, min_neg_points: -1 }, { ...none, positive: [one] }, ""],
    [
      { startswith_box: true, min_pos_points: 0 },
      { ...none, positive: [one] },
      "Pull a box around the object",
    ],
    [{ startswith_box: true, startswith_box_optional: true, min_pos_points: 1 }, { ...none, box }, ""],
    [{ min_pos_points: 0 }, none, "Click on the object"],
  ])("a function of %j needs, of %j: %s", (spec, prompts, need) =>
    expect(missing(fn(spec), prompts)).toBe(need),
  );
});

describe("tracking", () => {
  const follow = (...steps: FollowStep[]) =>
    steps.reduce<[Following, unknown[]]>(
      ([state, all], step) => {
        const [next, placed] = followed(state, step);
        return [next, [...all, ...placed]];
      },
      [{ at: "idle" }, []],
    );
  const shape = (x: number) => ({ type: "rectangle" as const, points: [x, 0, 9, 9] });
  const START: FollowStep[] = [
    { type: "start", frame: 4, last: 6, keys: [1, 2] },
    { type: "begun", states: ["a", "b"] },
  ];

  test("goes from frame to frame until the last one", () => {
    const [state, placed] = follow(
      ...START,
      { type: "found", answer: { states: ["a", "b"], shapes: [shape(1), shape(2)] } },
      { type: "found", answer: { states: ["a", "b"], shapes: [shape(3), shape(4)] } },
    );
    expect(state).toMatchObject({ at: "stopped", reason: "done", frame: 6 });
    expect(placed).toMatchObject([
      { key: 1, frame: 5 },
      { key: 2, frame: 5 },
      { key: 1, frame: 6, points: [3, 0, 9, 9] },
      { key: 2, frame: 6 },
    ]);
  });

  test("goes on with those that are still in sight, by their own states", () => {
    const [state, placed] = follow(...START, {
      type: "found",
      answer: { states: ["a", "b2"], shapes: [null, shape(2)] },
    });
    expect(state).toMatchObject({ at: "running", frame: 6, followed: [{ key: 2, state: "b2" }] });
    expect(placed[0]).toEqual({ key: 1, frame: 5 });
  });

  test.each<[string, FollowStep, object]>([
    [
      "nothing is left",
      { type: "found", answer: { states: ["a", "b"], shapes: [null, null] } },
      { reason: "lost", frame: 5 },
    ],
    ["somebody stops it", { type: "stop" }, { reason: "stopped" }],
    ["it fails", { type: "failed", problem: "gone" }, { reason: "failed", problem: "gone" }],
  ])("ends when %s", (_, step, end) =>
    expect(follow(...START, step)[0]).toMatchObject({ at: "stopped", ...end }),
  );

  test("an answer that comes after it was stopped changes nothing", () => {
    expect(
      follow(...START, { type: "stop" }, { type: "found", answer: { states: [], shapes: [shape(1)] } })[1],
    ).toEqual([]);
  });
});

describe("label mapping", () => {
  const label = (name: string, more: Partial<Label> = {}): Label => ({
    id: 1,
    name,
    color: "",
    type: "any",
    attributes: [],
    sublabels: [],
    ...more,
  });
  const from = (name: string, more: Partial<FunctionLabel> = {}): FunctionLabel => ({
    name,
    type: "any",
    attributes: [],
    sublabels: [],
    ...more,
  });

  test("goes by name, the same one before one that is like it", () => {
    const mapping = suggested(fn({ labels_v2: [from("traffic light"), from("car"), from("cat")] }), [
      label("Traffic_Light"),
      label("CAR"),
      label("car"),
    ]);
    expect(Object.entries(mapping).map(([name, to]) => [name, to.name])).toEqual([
      ["traffic light", "Traffic_Light"],
      ["car", "car"],
    ]);
  });

  test("has attributes that can take the values, and sublabels", () => {
    const attribute = (name: string, input_type: "select" | "number" | "text" | "radio") => ({
      name,
      input_type,
      values: [],
    });
    const spec = (name: string, input_type: "select" | "number" | "text" | "radio") => ({
      ...attribute(name, input_type),
      id: 1,
      mutable: false,
      default_value: "",
    });
    const mapping = suggested(
      fn({
        labels_v2: [
          from("body", {
            type: "skeleton",
            attributes: [attribute("pose", "select"), attribute("age", "number")],
            sublabels: [from("left hand")],
          }),
        ],
      }),
      [
        label("body", {
          type: "skeleton",
          attributes: [spec("pose", "radio"), spec("age", "select")],
          sublabels: [label("Left Hand")],
        }),
      ],
    );
    expect(mapping["body"]).toEqual({
      name: "body",
      attributes: { pose: "pose" },
      sublabels: { "left hand": { name: "Left Hand", attributes: {} } },
    });
  });

  test.each([
    ["rectangle", "rectangle", true],
    ["rectangle", "any", true],
    ["any", "polygon", true],
    ["rectangle", "polygon", false],
    ["mask", "polygon", true],
    ["skeleton", "any", false],
    ["any", "skeleton", false],
    ["skeleton", "skeleton", true],
  ] as const)("a %s fits a label for %s: %s", (a, b, expected) =>
    expect(fits(from("x", { type: a }), label("x", { type: b }))).toBe(expected),
  );
});
