// What each command of the keyboard does in a task.

import type { Command } from "../core/keys";
import type { Tool } from "../core/drawing";
import type { Ai } from "./ai";
import type { Bench } from "./bench";
import type { Editing } from "./editing";
import type { Review } from "./review";
import type { Stage } from "./stage";

export interface Desk {
  bench: Bench;
  editing: Editing;
  stage: Stage;
  ai: Ai;
  review: Review;
  help: () => void;
  panel: (name: "objects" | "ai" | "review") => void;
}

export function take(desk: Desk, tool: Tool): void {
  const { bench, stage, ai } = desk;
  // What was painted is kept when another tool is taken.
  if (bench.drawing.value.at === "painting") stage.draw({ type: "finish" });
  else stage.draw({ type: "cancel" });
  ai.segmenting.value = false;
  bench.tool.value = tool;
}

export function commandsOf(desk: Desk): Record<Command, () => void> {
  const { bench, editing, stage, ai, review } = desk,
    by = (count: number) => () => bench.goTo(bench.frame.value + count);
  const tool = (name: Tool) => () => take(desk, name),
    nudge = (dx: number, dy: number) => () => editing.nudge(dx, dy);
  return {
    next: by(1),
    previous: by(-1),
    forward: by(10),
    backward: by(-10),
    first: () => bench.goTo(0),
    last: () => bench.goTo(bench.size - 1),
    play: () => (bench.playing.value = !bench.playing.value),
    select: tool("select"),
    rectangle: tool("rectangle"),
    polygon: tool("polygon"),
    polyline: tool("polyline"),
    points: tool("points"),
    ellipse: tool("ellipse"),
    cuboid: tool("cuboid"),
    brush: tool("brush"),
    eraser: tool("eraser"),
    skeleton: tool("skeleton"),
    tag: () => editing.tag(),
    thinner: () => (bench.radius.value = Math.max(1, Math.round(bench.radius.value * 0.8))),
    thicker: () => (bench.radius.value = Math.min(200, Math.ceil(bench.radius.value * 1.25))),
    finish: () => finish(desk),
    cancel: () => cancel(desk),
    remove: () => remove(desk),
    undo: () => editing.undo(),
    redo: () => editing.redo(),
    copy: () => editing.copyOn(1),
    track: () => editing.toTracks(bench.selected.value),
    end: () => editing.endTracks(bench.selected.value),
    following: () => step(desk, 1),
    preceding: () => step(desk, -1),
    left: nudge(-1, 0),
    right: nudge(1, 0),
    up: nudge(0, -1),
    down: nudge(0, 1),
    fit: () => stage.fit(),
    actual: () => stage.actual(),
    larger: () => stage.zoom(1.25),
    smaller: () => stage.zoom(0.8),
    hide: () => (bench.hidden.value = !bench.hidden.value),
    help: desk.help,
    detect: () => {
      desk.panel("ai");
      void ai.detect();
    },
    segment: () => {
      desk.panel("ai");
      const on = !ai.segmenting.value;
      take(desk, "select");
      ai.segmenting.value = on;
    },
    review: () => {
      review.toggle();
      desk.panel(review.on.value ? "review" : "objects");
    },
    accept: () => {
      if (review.on.value) review.accept();
    },
    reject: () => {
      if (review.on.value) review.reject();
    },
    skip: () => {
      if (review.on.value) review.skip();
    },
  };
}

function finish({ bench, editing, stage, ai }: Desk): void {
  if (ai.segmenting.value) return ai.acceptSegment();
  if (bench.drawing.value.at !== "idle") return stage.draw({ type: "finish" });
  const suggested = bench.suggestions.value.filter(({ key }) => bench.selected.value.has(key));
  if (suggested.length) editing.accept(suggested.map(({ key }) => key));
}

function cancel(desk: Desk): void {
  const { bench, stage, ai } = desk,
    { positive, negative, box } = ai.prompting.value.prompts;
  if (ai.segmenting.value && (positive.length || negative.length || box)) return ai.prompt({ type: "clear" });
  if (ai.segmenting.value) ai.segmenting.value = false;
  else if (bench.drawing.value.at !== "idle") stage.draw({ type: "cancel" });
  else if (bench.tool.value !== "select") take(desk, "select");
  else bench.select();
}

function remove({ bench, editing, stage, ai }: Desk): void {
  if (ai.segmenting.value) ai.prompt({ type: "back" });
  else if (bench.drawing.value.at === "corners") stage.draw({ type: "back" });
  else editing.remove(bench.selected.value);
}

function step({ bench, stage }: Desk, by: number): void {
  const items = bench.items.value,
    index = items.findIndex(({ key }) => bench.selected.value.has(key));
  const next = items[(index + by + items.length) % items.length] ?? items[0];
  if (!next) return;
  bench.select(next.key);
  if (next.outline) stage.reveal(next.outline);
}
