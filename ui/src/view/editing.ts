// What people do to annotations: each is one step that can be undone.

import type { Annotation, Change } from "../core/document";
import type { Outlined, Tool } from "../core/drawing";
import { moved, type Outline } from "../core/geometry";
import { ACCEPTED } from "../core/looking";
import { endedAt, positionAt, withKey, withoutKey } from "../core/tracks";
import type { AttributeValue, Element, KeyFrame, Label, Shape, ShapeType, Track } from "../core/wire";
import type { Bench } from "./bench";

/** The labels that a shape of a type may have. */
export function labelsFor(labels: readonly Label[], type: ShapeType | "tag"): Label[] {
  return labels.filter(
    (label) =>
      label.type === type ||
      (label.type === "any" && type !== "skeleton" && type !== "tag") ||
      (type === "tag" && label.type === "any"),
  );
}

export function typeOf(tool: Tool): ShapeType | null {
  if (tool === "select") return null;
  return tool === "brush" || tool === "eraser" ? "mask" : tool;
}

/** The label that is drawn with: the chosen one, if it fits the tool. */
export function labelFor(bench: Bench, type: ShapeType | "tag"): Label | undefined {
  const fitting = labelsFor(bench.labels.value, type);
  return fitting.find(({ id }) => id === bench.chosenLabel.value) ?? fitting[0];
}

export class Editing {
  constructor(private readonly bench: Bench) {}

  /** Add what was drawn, or found, and select it. */
  add(
    made: Outlined,
    {
      label,
      source = "manual",
      score,
      asTrack = this.bench.asTrack.value,
    }: { label?: Label | undefined; source?: string; score?: number | undefined; asTrack?: boolean } = {},
  ): void {
    const { bench } = this,
      to = label ?? labelFor(bench, made.type),
      frame = bench.frame.value;
    if (!to) {
      bench.problem.value = `No label of this task is for shapes of the type ${made.type}.`;
      return;
    }
    const elements = made.elements?.map((each) => ({ ...each, frame }));
    const shape: Shape = {
      type: made.type,
      points: made.points,
      frame,
      label_id: to.id,
      source,
      attributes: defaults(to, false),
      group: 0,
      occluded: false,
      outside: false,
      z_order: 0,
      rotation: 0,
      ...(elements && { elements }),
      ...(score !== undefined && { score }),
    };
    const key = bench.document.newKey();
    const after: Annotation =
      asTrack && made.type !== "mask"
        ? { key, kind: "tracks", value: trackOf(shape, to) }
        : { key, kind: "shapes", value: { ...shape, attributes: defaults(to, true) } };
    this.commit([{ key, before: null, after }]);
    bench.select(key);
  }

  tag(): void {
    const { bench } = this,
      label = labelFor(bench, "tag");
    if (!label) {
      bench.problem.value = "No label of this task is for tags.";
      return;
    }
    const key = bench.document.newKey();
    this.commit([
      {
        key,
        before: null,
        after: {
          key,
          kind: "tags",
          value: {
            frame: bench.frame.value,
            label_id: label.id,
            group: 0,
            source: "manual",
            attributes: defaults(label, true),
          },
        },
      },
    ]);
  }

  /** Put an outline in the place of the one that an annotation has on this frame. */
  reshape(key: number, outline: Outline): void {
    this.change([key], (each) => {
      if (each.kind === "tags") return each;
      const { points, rotation = 0, elements } = outline;
      const at = { points: [...points], rotation, ...(elements && { elements: [...elements] }) };
      if (each.kind === "shapes") return { ...each, value: { ...each.value, ...at } };
      const frame = this.bench.frame.value,
        { elements: _, ...place } = at;
      return {
        ...each,
        value: withKey(
          each.value,
          frame,
          { ...this.keyOf(each.value, frame), ...place, type: outline.type },
          elements,
        ),
      };
    });
  }

  nudge(dx: number, dy: number): void {
    for (const item of this.bench.items.value) {
      if (this.bench.selected.value.has(item.key) && item.outline && !item.suggested)
        this.reshape(item.key, moved(item.outline, dx, dy));
    }
  }

  remove(keys: Iterable<number>): void {
    const wanted = new Set(keys),
      { bench } = this;
    bench.suggestions.value = bench.suggestions.value.filter(({ key }) => !wanted.has(key));
    this.commit(
      [...wanted].flatMap((key) => {
        const before = bench.document.get(key);
        return before ? [{ key, before, after: null }] : [];
      }),
    );
    bench.selected.value = new Set([...bench.selected.value].filter((key) => !wanted.has(key)));
  }

  relabel(keys: Iterable<number>, label: Label): void {
    this.bench.chosenLabel.value = label.id;
    this.change(
      keys,
      (each) =>
        ({
          ...each,
          value: { ...each.value, label_id: label.id, attributes: defaults(label, each.kind !== "tracks") },
        }) as Annotation,
    );
  }

  setAttribute(key: number, spec: { id: number; mutable: boolean }, value: string): void {
    const set = (all: readonly AttributeValue[] = []) => [
      ...all.filter((each) => each.spec_id !== spec.id),
      { spec_id: spec.id, value },
    ];
    this.change([key], (each) => {
      if (each.kind !== "tracks" || !spec.mutable)
        return { ...each, value: { ...each.value, attributes: set(each.value.attributes) } } as Annotation;
      const frame = this.bench.frame.value,
        now = this.keyOf(each.value, frame);
      return { ...each, value: withKey(each.value, frame, { ...now, attributes: set(now.attributes) }) };
    });
  }

  setOccluded(key: number, occluded: boolean): void {
    this.change([key], (each) => {
      if (each.kind === "tags") return each;
      if (each.kind === "shapes") return { ...each, value: { ...each.value, occluded } };
      const frame = this.bench.frame.value;
      return { ...each, value: withKey(each.value, frame, { ...this.keyOf(each.value, frame), occluded }) };
    });
  }

  /** Copy what is selected to the next frames. */
  copyOn(count: number): void {
    const { bench } = this,
      frame = bench.frame.value,
      changes: Change[] = [];
    for (const key of bench.selected.value) {
      const each = bench.document.get(key);
      if (!each || each.kind === "tracks") continue;
      for (let to = frame + 1; to <= Math.min(bench.size - 1, frame + count); to++)
        changes.push(this.copied(each, to));
    }
    this.commit(changes);
    if (changes.length && count === 1) {
      bench.goTo(frame + 1);
      bench.select(...changes.map(({ key }) => key));
    }
  }

  /** Make tracks of shapes, from this frame on. */
  toTracks(keys: Iterable<number>): void {
    this.change(keys, (each) =>
      each.kind === "shapes" && each.value.type !== "mask"
        ? { key: each.key, kind: "tracks", value: trackOf(each.value, this.bench.label(each.value.label_id)) }
        : each,
    );
  }

  endTracks(keys: Iterable<number>): void {
    this.change(keys, (each) =>
      each.kind === "tracks" ? { ...each, value: endedAt(each.value, this.bench.frame.value) } : each,
    );
  }

  removeKey(key: number): void {
    this.change([key], (each) =>
      each.kind === "tracks" ? { ...each, value: withoutKey(each.value, this.bench.frame.value) } : each,
    );
  }

  /** Take over suggestions, or say of what a model has found that it is right. */
  accept(keys: Iterable<number>): void {
    const wanted = new Set(keys),
      { bench } = this;
    const come = bench.suggestions.value.filter(({ key }) => wanted.has(key));
    const known = [...wanted].flatMap((key) => bench.document.get(key) ?? []);
    const taken = (each: Annotation) =>
      ({ ...each, value: { ...each.value, source: ACCEPTED } }) as Annotation;
    this.commit([
      ...come.map((each) => ({ key: each.key, before: null, after: taken(each) })),
      ...known.map((each) => ({ key: each.key, before: each, after: taken(each) })),
    ]);
    bench.suggestions.value = bench.suggestions.value.filter(({ key }) => !wanted.has(key));
  }

  undo(): void {
    this.follow(this.bench.history.undo());
  }

  redo(): void {
    this.follow(this.bench.history.redo());
  }

  private change(keys: Iterable<number>, make: (each: Annotation) => Annotation): void {
    const changes: Change[] = [];
    for (const key of keys) {
      const before = this.bench.document.get(key),
        after = before && make(before);
      if (after && after !== before) changes.push({ key, before, after });
    }
    this.commit(changes);
  }

  private commit(changes: readonly Change[]): void {
    this.bench.document.apply(changes, "user");
  }

  private copied(each: Annotation, frame: number): Change {
    const { id: _, revision: __, ...value } = each.value,
      key = this.bench.document.newKey();
    const elements =
      each.kind === "shapes" ? each.value.elements?.map((part: Element) => ({ ...part, frame })) : undefined;
    return {
      key,
      before: null,
      after: {
        key,
        kind: each.kind,
        value: { ...value, frame, source: "manual", ...(elements && { elements }) },
      } as Annotation,
    };
  }

  private keyOf(track: Track, frame: number): KeyFrame {
    const exact = track.shapes.find((key) => key.frame === frame),
      at = positionAt(track, frame);
    if (exact) return exact;
    const { type, points, rotation, occluded } = at ?? { ...track.shapes[0]!, occluded: false };
    return { frame, type, points, rotation: rotation ?? 0, occluded, attributes: [] };
  }

  /** Go where something has changed. */
  private follow(changes: readonly Change[]): void {
    const one = changes
      .map(({ before, after }) => after ?? before)
      .find((each) => each && each.kind !== "tracks");
    if (
      one &&
      !changes.some(({ before, after }) => (after ?? before)?.value.frame === this.bench.frame.value)
    )
      this.bench.goTo(one.value.frame);
  }
}

/** The attributes that a new annotation has; those that change along a track belong to its key frames. */
function defaults(label: Label, withMutable: boolean): AttributeValue[] {
  return label.attributes
    .filter(({ mutable }) => withMutable || !mutable)
    .map(({ id, default_value }) => ({ spec_id: id, value: default_value }));
}

export function trackOf(shape: Shape, label: Label | undefined): Track {
  const { frame, label_id, source = "manual", group = 0 } = shape,
    fixed = new Set(label?.attributes.filter((each) => !each.mutable).map(({ id }) => id));
  const key: KeyFrame = {
    frame,
    type: shape.type,
    points: shape.points,
    occluded: shape.occluded ?? false,
    outside: false,
    z_order: shape.z_order ?? 0,
    rotation: shape.rotation ?? 0,
    attributes: shape.attributes.filter((each) => !fixed.has(each.spec_id)),
  };
  const elements = shape.elements?.map((each) => ({
    label_id: each.label_id,
    frame,
    group: 0,
    source,
    attributes: [],
    shapes: [
      {
        frame,
        type: each.type,
        points: each.points,
        occluded: each.occluded ?? false,
        outside: each.outside ?? false,
        attributes: [],
      },
    ],
  }));
  return {
    frame,
    label_id,
    source,
    group,
    attributes: shape.attributes.filter((each) => fixed.has(each.spec_id)),
    shapes: [key],
    ...(elements && { elements }),
  };
}
