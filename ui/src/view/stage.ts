// What the pointer does on the canvas, turned into steps of the tools.

import { signal } from "@preact/signals";
import { drawn, type Step } from "../core/drawing";
import {
  clamped,
  distance,
  extent,
  handles,
  hits,
  moved,
  type Outline,
  outlineBox,
  type Point,
  reshaped,
  turned,
  TURN,
  withoutPoint,
  withPoint,
} from "../core/geometry";
import { decode } from "../core/mask";
import { fit, panned, showing, toImage, toScreen, type Viewport, zoomed } from "../core/viewport";
import type { Ai } from "./ai";
import type { Bench, Item } from "./bench";
import { type Editing, labelFor, typeOf } from "./editing";
import { turnHandle } from "./painter";

type Gesture =
  | { at: "none" }
  | { at: "panning"; last: Point; from: Point; clears: boolean }
  | { at: "moving"; key: number; outline: Outline; from: Point; started: boolean }
  | { at: "shaping"; key: number; outline: Outline; handle: number }
  | { at: "drawing" }
  | { at: "prompting"; negative: boolean };

const REACH = 7;

export class Stage {
  readonly pointer = signal<Point | null>(null);
  readonly cursor = signal("default");
  private gesture: Gesture = { at: "none" };
  private fitted: Viewport | null = null;

  constructor(
    readonly bench: Bench,
    readonly editing: Editing,
    readonly ai: Ai,
  ) {}

  resized(width: number, height: number): void {
    this.bench.screen.value = { width, height };
    this.refit();
  }

  fit(): void {
    const { bench } = this;
    this.fitted = bench.viewport.value = fit(bench.frameMeta, bench.screen.value);
  }

  /** Fit the next frame, or another size of the screen, unless somebody has zoomed or panned. */
  refit(): void {
    if (this.bench.ready.value && (!this.fitted || this.fitted === this.bench.viewport.value)) this.fit();
  }

  zoom(factor: number, at?: Point): void {
    const { width, height } = this.bench.screen.value;
    this.bench.viewport.value = zoomed(
      this.bench.viewport.value,
      at ?? { x: width / 2, y: height / 2 },
      factor,
    );
  }

  actual(): void {
    this.zoom(1 / this.bench.viewport.value.scale);
  }

  /** Bring an object into sight. */
  reveal(outline: Outline): void {
    this.bench.viewport.value = showing(
      this.bench.viewport.value,
      outlineBox(outline),
      this.bench.screen.value,
    );
  }

  draw(step: Step): void {
    const { bench } = this,
      type = typeOf(bench.tool.value),
      edited = this.editedMask();
    const { drawing, made } = drawn(bench.drawing.value, step, {
      tool: bench.tool.value,
      image: bench.frameMeta,
      radius: bench.radius.value,
      near: REACH / bench.viewport.value.scale,
      label: type ? labelFor(bench, type) : undefined,
      bitmap: edited ? decode(edited.outline!.points) : null,
    });
    bench.drawing.value = drawing;
    if (!made) return;
    if (made.type === "mask" && edited)
      this.editing.reshape(edited.key, { ...edited.outline!, points: made.points });
    else this.editing.add(made);
  }

  down(event: PointerEvent, screen: Point): void {
    const { bench } = this,
      at = this.imagePoint(screen);
    if (event.button === 1 || (event.button === 0 && event.altKey))
      this.gesture = { at: "panning", last: screen, from: screen, clears: false };
    else if (this.ai.segmenting.value) {
      this.gesture = { at: "prompting", negative: event.button === 2 };
      this.ai.prompt({ type: "down", at });
    } else if (event.button === 2) {
      if (bench.tool.value !== "select") this.draw({ type: "finish" });
    } else if (bench.tool.value !== "select") {
      this.gesture = { at: "drawing" };
      this.draw({ type: "down", at });
    } else this.grab(event, screen, at);
  }

  move(screen: Point): void {
    const { bench, gesture } = this,
      at = this.imagePoint(screen);
    this.pointer.value = at;
    switch (gesture.at) {
      case "panning":
        bench.viewport.value = panned(
          bench.viewport.value,
          screen.x - gesture.last.x,
          screen.y - gesture.last.y,
          bench.frameMeta,
          bench.screen.value,
        );
        this.gesture = { ...gesture, last: screen };
        return;
      case "moving": {
        const free = this.freePoint(screen);
        if (!gesture.started && distance(toScreen(bench.viewport.value, gesture.from), screen) < 4) return;
        this.gesture = { ...gesture, started: true };
        bench.preview.value = {
          key: gesture.key,
          outline: moved(gesture.outline, free.x - gesture.from.x, free.y - gesture.from.y),
        };
        return;
      }
      case "shaping":
        bench.preview.value = {
          key: gesture.key,
          outline:
            gesture.handle === TURN
              ? turned(gesture.outline, this.freePoint(screen))
              : reshaped(gesture.outline, gesture.handle, at),
        };
        return;
      case "prompting":
        return this.ai.prompt({ type: "move", at });
      default:
        this.hover(screen, at);
    }
  }

  up(screen: Point): void {
    const { bench, gesture } = this,
      at = this.imagePoint(screen);
    this.gesture = { at: "none" };
    if (gesture.at === "panning" && gesture.clears && distance(gesture.from, screen) < 4) bench.select();
    if (gesture.at === "drawing") this.draw({ type: "up", at });
    if (gesture.at === "prompting")
      this.ai.prompt({
        type: "up",
        at,
        negative: gesture.negative,
        near: REACH / bench.viewport.value.scale,
      });
    const { value } = bench.preview;
    if (value && (gesture.at === "moving" || gesture.at === "shaping"))
      this.editing.reshape(value.key, value.outline);
    bench.preview.value = null;
  }

  /** A double click ends a drawing; on the selected outline it adds a point, or removes one. */
  doubleClick(screen: Point): void {
    const { bench } = this,
      { only } = bench;
    if (bench.drawing.value.at === "corners") return this.draw({ type: "finish" });
    if (bench.tool.value !== "select" || !only?.outline || only.suggested) return;
    const handle = this.handleAt(only.outline, screen),
      reach = REACH / bench.viewport.value.scale;
    const next =
      handle === null
        ? withPoint(only.outline, this.imagePoint(screen), reach)
        : withoutPoint(only.outline, handle);
    if (next) this.editing.reshape(only.key, next);
  }

  leave(): void {
    this.pointer.value = null;
    if (this.gesture.at === "none") this.bench.pointed.value = null;
  }

  private grab(event: PointerEvent, screen: Point, at: Point): void {
    const { bench } = this,
      { only } = bench,
      handle = only && !only.suggested && only.outline ? this.handleAt(only.outline, screen) : null;
    if (only && handle !== null) {
      this.gesture = { at: "shaping", key: only.key, outline: only.outline!, handle };
      return;
    }
    const item = this.itemAt(at);
    if (!item) this.gesture = { at: "panning", last: screen, from: screen, clears: true };
    else if (event.shiftKey || event.ctrlKey || event.metaKey)
      bench.select(...toggled(bench.selected.value, item.key));
    else {
      bench.select(item.key);
      if (!item.suggested)
        this.gesture = { at: "moving", key: item.key, outline: item.outline!, from: at, started: false };
    }
  }

  private hover(screen: Point, at: Point): void {
    const { bench } = this,
      { only } = bench;
    if (bench.tool.value !== "select" || this.ai.segmenting.value) {
      bench.pointed.value = null;
      this.cursor.value = "crosshair";
      if (bench.drawing.value.at !== "idle") this.draw({ type: "move", at });
      return;
    }
    const handle = only?.outline && !only.suggested ? this.handleAt(only.outline, screen) : null;
    const item = handle === null ? this.itemAt(at) : only;
    bench.pointed.value = item?.key ?? null;
    this.cursor.value =
      handle === null
        ? item
          ? "move"
          : "grab"
        : handle === TURN
          ? "grab"
          : (handles(only!.outline!)[handle]?.cursor ?? "move");
  }

  /** The smallest that is hit: what lies in another can be taken. */
  private itemAt(at: Point): Item | undefined {
    const reach = REACH / this.bench.viewport.value.scale;
    if (this.bench.hidden.value) return undefined;
    const found = this.bench.items.value.filter(({ outline }) => outline && hits(outline, at, reach));
    return found.sort((a, b) => extent(a.outline!) - extent(b.outline!))[0];
  }

  private handleAt(outline: Outline, screen: Point): number | null {
    const view = this.bench.viewport.value,
      turn = turnHandle(view, outline);
    if (turn && distance(turn, screen) <= REACH + 2) return TURN;
    const found = handles(outline).find(({ at }) => distance(toScreen(view, at), screen) <= REACH + 1);
    return found?.index ?? null;
  }

  private editedMask(): Item | undefined {
    const { only } = this.bench;
    return only?.outline?.type === "mask" && !only.suggested ? only : undefined;
  }

  private freePoint(screen: Point): Point {
    return toImage(this.bench.viewport.value, screen);
  }

  private imagePoint(screen: Point): Point {
    const { width, height } = this.bench.frameMeta;
    return clamped(this.freePoint(screen), width, height);
  }
}

function toggled(selected: ReadonlySet<number>, key: number): number[] {
  return selected.has(key) ? [...selected].filter((each) => each !== key) : [...selected, key];
}
