import { describe, expect, test } from "vitest";
import { type Annotation, Document } from "../../src/core/document";
import { History } from "../../src/core/history";

const shape = (key: number, frame: number, points = [0, 0, 1, 1]): Annotation => ({
  key,
  kind: "shapes",
  value: { frame, label_id: 1, type: "rectangle", points, attributes: [] },
});

function made() {
  const document = new Document(),
    history = new History(document),
    key = document.newKey();
  document.apply([{ key, before: null, after: shape(key, 3) }], "user");
  return { document, history, key };
}

test("a document knows what is on a frame, also after changes", () => {
  const { document, key } = made();
  expect(document.on(3).map((each) => each.key)).toEqual([key]);
  document.apply([{ key, before: document.get(key)!, after: shape(key, 5) }], "user");
  expect(document.on(3)).toEqual([]);
  expect(document.on(5)).toHaveLength(1);
});

test("tracks are asked on every frame, and their key frames are sorted", () => {
  const document = new Document({
    tags: [],
    shapes: [],
    tracks: [
      {
        frame: 0,
        label_id: 1,
        attributes: [],
        shapes: [
          { frame: 9, type: "rectangle", points: [] },
          { frame: 0, type: "rectangle", points: [] },
        ],
      },
    ],
  });
  const [track] = document.on(77);
  expect(track?.kind === "tracks" && track.value.shapes.map(({ frame }) => frame)).toEqual([0, 9]);
});

describe("undo and redo", () => {
  test("take back and bring back", () => {
    const { document, history, key } = made();
    history.undo();
    expect(document.get(key)).toBeUndefined();
    history.redo();
    expect(document.get(key)).toEqual(shape(key, 3));
    expect(history.canRedo).toBe(false);
  });

  test("several changes at once are one step, and are taken back from the last", () => {
    const { document, history, key } = made();
    const other = document.newKey();
    document.apply(
      [
        { key, before: document.get(key)!, after: null },
        { key: other, before: null, after: shape(other, 1) },
      ],
      "user",
    );
    history.undo();
    expect([...document.values()].map((each) => each.key)).toEqual([key]);
  });

  test("a new change ends what could be brought back", () => {
    const { document, history } = made();
    history.undo();
    const key = document.newKey();
    document.apply([{ key, before: null, after: shape(key, 0) }], "user");
    expect(history.canRedo).toBe(false);
  });

  test.each(["hub", "model", "history"] as const)("what comes from the %s is no step", (origin) => {
    const document = new Document(),
      history = new History(document),
      key = document.newKey();
    document.apply([{ key, before: null, after: shape(key, 0) }], origin);
    expect(history.canUndo).toBe(false);
  });

  test("without a step there is nothing to do", () => expect(new History(new Document()).undo()).toEqual([]));
});
