import { describe, expect, test } from "vitest";
import { type Annotation, type Change, Document } from "../../src/core/document";
import { patience, Saving } from "../../src/core/saving";
import type { LabeledData } from "../../src/core/wire";

const NOTHING: LabeledData = { tags: [], shapes: [], tracks: [] };
const value = (x: number, more: object = {}) => ({
  frame: 0,
  label_id: 1,
  type: "rectangle" as const,
  points: [x, 0, 9, 9],
  attributes: [],
  ...more,
});

/** A document with one shape that the hub has, its saving, and a hand that changes it. */
function desk() {
  const document = new Document({ ...NOTHING, shapes: [value(0, { id: 70, revision: 3 })] });
  let names = 0;
  const saving = new Saving(document.values(), () => `name-${++names}`),
    known = [...document.values()][0]!.key;
  document.listen((changes, origin) => {
    if (origin !== "hub") saving.note(changes);
  });
  const next = () => saving.next((key) => document.get(key));
  const add = (x: number) => {
    const key = document.newKey();
    document.apply([{ key, before: null, after: { key, kind: "shapes", value: value(x) } }], "user");
    return key;
  };
  const change = (key: number, x: number) =>
    document.apply(
      [{ key, before: document.get(key)!, after: { key, kind: "shapes", value: value(x) } as Annotation }],
      "user",
    );
  const remove = (key: number) =>
    document.apply([{ key, before: document.get(key)!, after: null } satisfies Change], "user");
  return { document, saving, known, next, add, change, remove };
}

const answer = (...shapes: [number, number][]): LabeledData => ({
  ...NOTHING,
  shapes: shapes.map(([id, revision]) => ({ ...value(0), id, revision })),
});

test("what was read is saved", () => expect(desk().saving.phase).toBe("saved"));

test("a new shape is created, then updated by the id and the revision that the hub gave", () => {
  const { saving, next, add, change } = desk(),
    key = add(1);
  expect(saving.phase).toBe("unsaved");
  expect(next()).toMatchObject({ action: "create", body: { shapes: [{ points: [1, 0, 9, 9] }] } });
  expect(saving.phase).toBe("saving");
  saving.done(answer([71, 1]));
  change(key, 2);
  expect(next()).toMatchObject({
    action: "update",
    body: { shapes: [{ id: 71, revision: 1, points: [2, 0, 9, 9] }] },
  });
});

test("an update brings the revision that was read, and the next one that of the answer", () => {
  const { saving, known, next, change } = desk();
  change(known, 5);
  expect(next()!.body.shapes[0]).toMatchObject({ id: 70, revision: 3 });
  saving.done(answer([70, 4]));
  change(known, 6);
  expect(next()!.body.shapes[0]).toMatchObject({ id: 70, revision: 4 });
});

test("one request is under way at a time, and what changes meanwhile is sent after it", () => {
  const { saving, known, next, change } = desk();
  change(known, 5);
  next();
  change(known, 6);
  expect(next()).toBeNull();
  saving.done(answer([70, 4]));
  expect(next()!.body.shapes[0]).toMatchObject({ points: [6, 0, 9, 9], revision: 4 });
});

test("what came and went between two requests is nothing to the hub", () => {
  const { saving, next, add, remove } = desk();
  remove(add(1));
  expect(next()).toBeNull();
  expect(saving.phase).toBe("saved");
});

test("what is deleted is named by id, and made anew when the deletion is taken back", () => {
  const { document, saving, known, next, remove } = desk(),
    before = document.get(known)!;
  remove(known);
  expect(next()).toMatchObject({ action: "delete", body: { shapes: [{ id: 70, revision: 3 }] } });
  saving.done(NOTHING);
  document.apply([{ key: known, before: null, after: before }], "history");
  const request = next()!;
  expect(request.action).toBe("create");
  expect(request.body.shapes[0]).not.toHaveProperty("id");
});

test("a shape that becomes a track goes, and the track comes", () => {
  const { document, saving, known, next } = desk(),
    before = document.get(known)!;
  const track = {
    frame: 0,
    label_id: 1,
    attributes: [],
    shapes: [{ frame: 0, type: "rectangle" as const, points: [0, 0, 9, 9] }],
  };
  document.apply([{ key: known, before, after: { key: known, kind: "tracks", value: track } }], "user");
  expect(next()).toMatchObject({ action: "delete", body: { shapes: [{ id: 70, revision: 3 }], tracks: [] } });
  saving.done(answer([70, 3]));
  expect(next()).toMatchObject({ action: "create", body: { shapes: [], tracks: [track] } });
  saving.done({ ...NOTHING, tracks: [{ ...track, id: 90, revision: 1 }] });
  expect(saving.phase).toBe("saved");
});

describe("a request that fails", () => {
  test("is sent again, with what changed since", () => {
    const { saving, known, next, change } = desk();
    change(known, 5);
    next();
    change(known, 6);
    saving.failed(true);
    expect(saving.phase).toBe("failed");
    expect(next()!.body.shapes[0]).toMatchObject({ points: [6, 0, 9, 9], revision: 3 });
    saving.done(answer([70, 4]));
    expect(saving.phase).toBe("saved");
  });

  test("and may have created something is sent as it was, by its name, before what changed since", () => {
    const { saving, next, add, change } = desk(),
      key = add(1),
      first = next()!;
    saving.failed(true);
    change(key, 2);
    const again = next()!;
    expect(again).toEqual(first);
    saving.done(answer([71, 1]));
    expect(next()).toMatchObject({ action: "update", body: { shapes: [{ id: 71, points: [2, 0, 9, 9] }] } });
  });

  test("and was refused is put together anew, under another name", () => {
    const { saving, next, add, remove } = desk(),
      key = add(1),
      first = next()!;
    saving.failed(false);
    add(2);
    expect(next()!.name).not.toBe(first.name);
    saving.failed(false);
    remove(key);
    expect(next()!.body.shapes).toHaveLength(1);
  });

  test.each([
    [1, 1000],
    [2, 2000],
    [5, 16000],
    [9, 30000],
  ])("waits after %d failures for %d ms", (failures, wait) => expect(patience(failures)).toBe(wait));
});

describe("when somebody else changed it", () => {
  function conflict() {
    const all = desk();
    all.change(all.known, 5);
    all.add(1);
    all.next();
    all.saving.conflicted(new Set([70]));
    return all;
  }

  test("nothing is saved until it is decided whose is kept", () => {
    const { saving, next } = conflict();
    expect(saving.phase).toBe("conflict");
    expect(next()).toBeNull();
  });

  test("ours is saved over the revision that is there now", () => {
    const { saving, next } = conflict();
    saving.keepOurs(new Map([[70, 9]]));
    expect(next()!.body.shapes[0]).toMatchObject({ id: 70, revision: 9, points: [5, 0, 9, 9] });
  });

  test("ours is made anew if they have deleted it", () => {
    const { saving, next } = conflict();
    saving.keepOurs(new Map());
    expect(next()).toMatchObject({ action: "create" });
  });

  test("theirs is not sent, and the rest is", () => {
    const { saving, next } = conflict();
    saving.takeTheirs(new Map([[70, 9]]));
    expect(next()).toMatchObject({ action: "create", body: { shapes: [{ points: [1, 0, 9, 9] }] } });
  });
});
