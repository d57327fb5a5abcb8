import { expect, test } from "vitest";
import { BINDINGS, commandOf } from "../../src/core/keys";
import { newLabel, sent, wrong } from "../../src/core/labels";
import { ago, bytes, duration, left, problem } from "../../src/core/words";

test.each([
  [{ detail: "Not found." }, "Not found."],
  [["too few"], "too few"],
  [{ name: ["This field is required."] }, "name: This field is required."],
  [{ non_field_errors: ["Unable to log in."] }, "Unable to log in."],
  [{ shapes: [{}, { points: ["too few"] }] }, "shapes 2 points: too few"],
  [null, ""],
])("a refusal %j reads: %s", (body, words) => expect(problem(body)).toBe(words));

test.each([
  [0.25, "250 ms"],
  [3.21, "3.2 s"],
  [59, "59 s"],
  [125, "2 min"],
  [7300, "2 h 2 min"],
])("%d seconds read: %s", (seconds, words) => expect(duration(seconds)).toBe(words));
test("time left is told when enough is known", () => {
  expect(left(25, 10)).toBe("about 30 s left");
  expect(left(1, 10)).toBe("");
});
test.each([
  [5, "just now"],
  [61, "1 minute ago"],
  [7200, "2 hours ago"],
  [200_000, "2 days ago"],
])("%d seconds ago reads: %s", (seconds, words) => {
  expect(ago(new Date(1e12 - seconds * 1000).toISOString(), 1e12)).toBe(words);
});
test.each([
  [900, "900 B"],
  [1500, "1.5 kB"],
  [25e6, "25 MB"],
  [3.2e9, "3.2 GB"],
])("%d bytes read: %s", (count, words) => expect(bytes(count)).toBe(words));

const press = (key: string, more: object = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});
test.each([
  [press("f"), "next"],
  [press("F"), "next"],
  [press(" "), "play"],
  [press("?", { shiftKey: true }), "help"],
  [press("z", { ctrlKey: true }), "undo"],
  [press("Z", { ctrlKey: true, shiftKey: true }), "redo"],
  [press("z"), "reject"],
  [press("Tab", { shiftKey: true }), "preceding"],
  [press("ArrowLeft", { altKey: true }), "left"],
  [press("y"), undefined],
])("%j is the command %s", (pressed, command) => expect(commandOf(pressed)).toBe(command));
test("no key has two meanings", () => {
  const all = Object.values(BINDINGS).flatMap(({ keys }) => [...keys]);
  expect(new Set(all).size).toBe(all.length);
});

const label = (more: object) => ({ ...newLabel(0), name: "car", ...more });
const attribute = (more: object) => ({
  name: "size",
  input_type: "text" as const,
  values: "",
  mutable: false,
  ...more,
});
test.each([
  [[], "at least one label"],
  [[label({ name: " " })], "needs a name"],
  [[label({}), label({})], "two labels"],
  [[label({ type: "skeleton", points: "head" })], "two points or more"],
  [[label({ attributes: [attribute({ name: "" })] })], "needs a name"],
  [[label({ attributes: [attribute({ input_type: "select" })] })], "values to choose"],
  [[label({ attributes: [attribute({ input_type: "number", values: "0, x, 1" })] })], "least, most and step"],
  [[label({ attributes: [attribute({ input_type: "number", values: "0, 9, 1" })] })], ""],
])("labels %j are wrong: %s", (labels, words) => expect(wrong(labels)).toContain(words));

test("labels are sent as the hub takes them", () => {
  expect(
    sent([
      label({
        name: " dog ",
        type: "skeleton",
        points: "head, tail",
        attributes: [attribute({ input_type: "checkbox", values: "left over" })],
      }),
    ]),
  ).toEqual([
    {
      name: "dog",
      color: "#e0574f",
      type: "skeleton",
      attributes: [{ name: "size", input_type: "checkbox", mutable: false, values: [] }],
      sublabels: [
        { name: "head", type: "points" },
        { name: "tail", type: "points" },
      ],
    },
  ]);
});
