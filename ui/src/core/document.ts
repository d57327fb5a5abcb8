// The annotations of a task. Each has a key of its own, which stays when the hub gives it an id.
// Changes carry their origin, so that what the hub says is neither saved again nor undone.

import type { Kind, LabeledData, Shape, Tag, Track } from "./wire";

export type Annotation =
  | { key: number; kind: "tags"; value: Tag }
  | { key: number; kind: "shapes"; value: Shape }
  | { key: number; kind: "tracks"; value: Track };

/** Something came (no `before`), went (no `after`), or is another. */
export interface Change {
  key: number;
  before: Annotation | null;
  after: Annotation | null;
}
export type Origin = "user" | "model" | "history" | "hub";
export type Listener = (changes: readonly Change[], origin: Origin) => void;

export class Document {
  private readonly all = new Map<number, Annotation>();
  private frames: Map<number, Set<number>> | null = null;
  private readonly tracked = new Set<number>();
  private readonly listeners = new Set<Listener>();
  private last = 0;

  constructor(data: LabeledData = { tags: [], shapes: [], tracks: [] }) {
    for (const each of annotationsOf(data, () => this.newKey())) this.put(each);
  }

  newKey(): number {
    return ++this.last;
  }

  get size(): number {
    return this.all.size;
  }

  get(key: number): Annotation | undefined {
    return this.all.get(key);
  }

  values(): Iterable<Annotation> {
    return this.all.values();
  }

  /** What is on a frame, and every track, as those have to be asked where they are. */
  on(frame: number): Annotation[] {
    const keys = [...(this.index().get(frame) ?? []), ...this.tracked];
    return keys.sort((a, b) => a - b).map((key) => this.all.get(key)!);
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  apply(changes: readonly Change[], origin: Origin): void {
    if (!changes.length) return;
    for (const { key, after } of changes) {
      this.remove(key);
      if (after) this.put(after);
    }
    for (const listener of this.listeners) listener(changes, origin);
  }

  /** Changes that put what the hub has in the place of all that is here. */
  replacing(data: LabeledData): Change[] {
    const gone = [...this.all.values()].map((each): Change => ({ key: each.key, before: each, after: null }));
    const come = annotationsOf(data, () => this.newKey()).map((each): Change => ({
      key: each.key,
      before: null,
      after: each,
    }));
    return [...gone, ...come];
  }

  private index(): Map<number, Set<number>> {
    if (!this.frames) {
      this.frames = new Map();
      for (const each of this.all.values()) this.enter(each);
    }
    return this.frames;
  }

  private put(each: Annotation): void {
    this.all.set(each.key, each);
    if (each.kind === "tracks") this.tracked.add(each.key);
    else if (this.frames) this.enter(each);
  }

  private enter(each: Annotation): void {
    if (each.kind === "tracks") return;
    const { frame } = each.value,
      there = this.frames!.get(frame);
    if (there) there.add(each.key);
    else this.frames!.set(frame, new Set([each.key]));
  }

  private remove(key: number): void {
    const each = this.all.get(key);
    if (!each) return;
    this.all.delete(key);
    this.tracked.delete(key);
    if (each.kind !== "tracks") this.frames?.get(each.value.frame)?.delete(key);
  }
}

export function inverse(changes: readonly Change[]): Change[] {
  return changes.map(({ key, before, after }) => ({ key, before: after, after: before })).reverse();
}

function annotationsOf(data: LabeledData, newKey: () => number): Annotation[] {
  const of = (kind: Kind) => data[kind].map((value) => ({ key: newKey(), kind, value }) as Annotation);
  return [...of("tags"), ...of("shapes"), ...of("tracks").map(sorted)];
}

/** Key frames may come in any order. */
function sorted(each: Annotation): Annotation {
  if (each.kind !== "tracks") return each;
  const shapes = [...each.value.shapes].sort((a, b) => a.frame - b.frame);
  const elements = each.value.elements?.map((part) => ({
    ...part,
    shapes: [...part.shapes].sort((a, b) => a.frame - b.frame),
  }));
  return { ...each, value: { ...each.value, shapes, ...(elements && { elements }) } };
}
