// One task at work: what is known of it, where one is in it, and what is selected.

import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { type Annotation, Document } from "../core/document";
import { type Drawing, IDLE, type Tool } from "../core/drawing";
import type { Outline } from "../core/geometry";
import { History } from "../core/history";
import { EVERYTHING, type Filter, passes } from "../core/looking";
import { positionAt } from "../core/tracks";
import type { Size, Viewport } from "../core/viewport";
import type { DataMeta, FrameMeta, Label, Task } from "../core/wire";
import { wordsOf } from "../net/api";
import { Frames } from "../net/frames";
import * as hub from "../net/hub";
import { note, parameter } from "../route";
import { Autosave } from "./autosave";

/** Something on the frame: its outline there; tags have none. `suggested` is what nobody accepted yet. */
export interface Item {
  key: number;
  annotation: Annotation;
  outline: Outline | null;
  suggested: boolean;
}

const AHEAD = 8,
  BEHIND = 2;
export const FRAMES_PER_SECOND = 12;

export class Bench {
  readonly task = signal<Task | null>(null);
  readonly labels = signal<readonly Label[]>([]);
  readonly meta = signal<DataMeta | null>(null);
  readonly problem = signal("");
  readonly ready = signal(false);

  readonly document = new Document();
  readonly history = new History(this.document);
  readonly saving: Autosave;
  /** Counts the changes, for those who look at the document. */
  readonly version = signal(0);

  readonly frame = signal(0);
  readonly shown = signal<{ frame: number; bitmap: ImageBitmap } | null>(null);
  readonly playing = signal(false);
  readonly viewport = signal<Viewport>({ scale: 1, x: 0, y: 0 });
  readonly screen = signal<Size>({ width: 1, height: 1 });

  readonly selected = signal<ReadonlySet<number>>(new Set());
  readonly pointed = signal<number | null>(null);
  readonly hidden = signal(false);
  readonly filter = signal<Filter>(EVERYTHING);
  readonly tool = signal<Tool>("select");
  readonly asTrack = signal(false);
  readonly chosenLabel = signal<number | null>(null);
  readonly radius = signal(12);
  readonly drawing = signal<Drawing>(IDLE);
  /** A shape that is being moved, as it would be. */
  readonly preview = signal<{ key: number; outline: Outline } | null>(null);
  readonly suggestions = signal<readonly Annotation[]>([]);

  readonly byId = computed(
    () =>
      new Map(
        this.labels.value.flatMap((label) => [label, ...label.sublabels]).map((label) => [label.id, label]),
      ),
  );
  readonly percent = computed(() => `${Math.round(this.viewport.value.scale * 100)} %`);
  readonly items = computed(() => this.itemsOn(this.shown.value?.frame ?? this.frame.value));
  private readonly frames: Frames;
  private readonly stops: (() => void)[] = [];

  constructor(readonly id: number) {
    this.frames = new Frames(id);
    this.saving = new Autosave(id, this.document);
    this.stops.push(this.document.listen(() => this.version.value++));
    this.stops.push(
      effect(() => {
        if (this.ready.value) void this.show(this.frame.value);
      }),
    );
    this.stops.push(
      effect(() => {
        if (this.playing.value) untracked(() => void this.play());
      }),
    );
  }

  async open(): Promise<void> {
    try {
      const [task, labels, meta, data] = await Promise.all([
        hub.task(this.id),
        hub.labels(this.id),
        hub.meta(this.id),
        hub.annotations(this.id),
      ]);
      this.document.apply(this.document.replacing(data), "hub");
      this.saving.reset();
      batch(() => {
        this.task.value = task;
        this.labels.value = labels;
        this.meta.value = meta;
        this.frame.value = Math.min(parameter("frame") ?? 0, meta.size - 1);
        this.ready.value = true;
      });
    } catch (error) {
      this.problem.value = wordsOf(error);
    }
  }

  /** Read all annotations again, as after a model has annotated the task. */
  async reload(): Promise<void> {
    const data = await hub.annotations(this.id);
    batch(() => {
      this.document.apply(this.document.replacing(data), "hub");
      this.selected.value = new Set();
    });
    this.history.clear();
    this.saving.reset();
  }

  close(): void {
    this.playing.value = false;
    for (const stop of this.stops) stop();
    this.frames.close();
    this.saving.close();
  }

  get size(): number {
    return this.meta.value?.size ?? 0;
  }

  /** Name and size of the frame; of a video, all frames have one. */
  get frameMeta(): FrameMeta {
    const frames = this.meta.value?.frames ?? [];
    return frames[this.frame.value] ?? frames[0] ?? { name: "", width: 1, height: 1 };
  }

  label(id: number): Label | undefined {
    return this.byId.value.get(id);
  }

  goTo(frame: number): void {
    const next = Math.min(this.size - 1, Math.max(0, Math.round(frame)));
    if (next === this.frame.value || !this.ready.value) return;
    batch(() => {
      this.frame.value = next;
      this.preview.value = null;
      this.drawing.value = IDLE;
      // What doesn't change keeps its identity, so that nothing is painted for it.
      if (this.suggestions.value.length) this.suggestions.value = [];
      const kept = [...this.selected.value].filter((key) => this.document.get(key)?.kind === "tracks");
      if (kept.length < this.selected.value.size) this.selected.value = new Set(kept);
    });
    note(`tasks/${this.id}?frame=${next}`);
  }

  /** The one that is selected, if it is one. */
  get only(): Item | undefined {
    const keys = this.selected.value;
    return keys.size === 1 ? this.items.value.find((item) => keys.has(item.key)) : undefined;
  }

  select(...keys: number[]): void {
    this.selected.value = new Set(keys);
  }

  private itemsOn(frame: number): readonly Item[] {
    void this.version.value;
    const filter = this.filter.value,
      found: Item[] = [];
    for (const annotation of this.document.on(frame)) {
      if (!passes(filter, annotation)) continue;
      const outline = outlineOf(annotation, frame);
      if (outline || annotation.kind === "tags")
        found.push({ key: annotation.key, annotation, outline, suggested: false });
    }
    for (const annotation of this.suggestions.value) {
      if (annotation.value.frame === frame && passes(filter, annotation))
        found.push({
          key: annotation.key,
          annotation,
          outline: outlineOf(annotation, frame),
          suggested: true,
        });
    }
    return found;
  }

  private async show(frame: number): Promise<void> {
    const ahead = Array.from({ length: AHEAD + BEHIND }, (_, i) =>
      i < AHEAD ? frame + 1 + i : frame - 1 - (i - AHEAD),
    );
    try {
      const bitmap = await this.frames.get(frame);
      if (this.frame.peek() !== frame) return;
      this.shown.value = { frame, bitmap };
      // What comes next is decoded when this frame has been.
      this.frames.ahead(
        ahead.filter((each) => each >= 0 && each < this.meta.peek()!.size),
        frame,
      );
    } catch (error) {
      if (this.frame.peek() === frame && !(error instanceof DOMException))
        this.problem.value = wordsOf(error);
    }
  }

  private async play(): Promise<void> {
    while (this.playing.peek()) {
      const began = performance.now(),
        next = this.frame.peek() + 1;
      if (next >= this.size) this.playing.value = false;
      else {
        this.goTo(next);
        await this.frames.get(next).catch(() => (this.playing.value = false));
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(0, 1000 / FRAMES_PER_SECOND - (performance.now() - began))),
        );
      }
    }
  }
}

export function outlineOf(annotation: Annotation, frame: number): Outline | null {
  if (annotation.kind === "tags") return null;
  return annotation.kind === "shapes" ? annotation.value : positionAt(annotation.value, frame);
}
