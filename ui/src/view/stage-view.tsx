// The canvas, and what connects it with the pointer and the state.

import { effect, untracked } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Point } from "../core/geometry";
import { labelFor, typeOf } from "./editing";
import { paint } from "./painter";
import { Layer } from "./layer";
import type { Stage } from "./stage";

export function StageView({ stage }: { stage: Stage }) {
  const canvas = useRef<HTMLCanvasElement>(null),
    { bench, ai } = stage;
  useEffect(() => attach(stage, canvas.current!), [stage]);
  const { name } = bench.frameMeta,
    count = bench.items.value.length;
  return (
    <div class="stage">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`Frame ${bench.frame.value + 1}, ${name}, with ${count} annotations`}
        style={{ cursor: stage.cursor.value }}
      />
      {ai.segmenting.value && (
        <p class="banner">
          Left click: part of the object · right click: not part of it · pull: a box · Enter accepts · Esc
          ends
        </p>
      )}
      {!ai.segmenting.value && bench.tool.value !== "select" && (
        <p class="banner">{HINTS[bench.tool.value]}</p>
      )}
      <span class="zoom">{bench.percent}</span>
    </div>
  );
}

const HINTS = {
  select: "",
  rectangle: "Pull, or click two corners",
  ellipse: "Pull, or click two corners of the box around it",
  cuboid: "Pull the box around it",
  skeleton: "Pull the box around it, then move its points",
  polygon: "Click the corners; the first one, Enter or a right click ends",
  polyline: "Click the corners; Enter or a right click ends",
  points: "Click each; Enter or a right click ends",
  brush: "Paint; [ and ] change the size, Enter ends",
  eraser: "Select a mask, wipe, Enter ends",
};

function attach(stage: Stage, canvas: HTMLCanvasElement): () => void {
  const { bench, ai } = stage,
    context = canvas.getContext("2d", { alpha: false })!;
  const box = canvas.parentElement!,
    ends: (() => void)[] = [];
  const at = (event: MouseEvent): Point => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const on = <K extends keyof HTMLElementEventMap>(
    name: K,
    action: (event: HTMLElementEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ) => {
    canvas.addEventListener(name, action, options);
    ends.push(() => canvas.removeEventListener(name, action, options));
  };
  on("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.focus();
    stage.down(event, at(event));
  });
  on("pointermove", (event) => stage.move(at(event)));
  on("pointerup", (event) => stage.up(at(event)));
  on("pointerleave", () => stage.leave());
  on("contextmenu", (event) => event.preventDefault());
  on("dblclick", (event) => stage.doubleClick(at(event)));
  on(
    "wheel",
    (event) => {
      event.preventDefault();
      stage.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.06 : 0.0018)), at(event));
    },
    { passive: false },
  );

  const watcher = new ResizeObserver(() => {
    const ratio = devicePixelRatio,
      { clientWidth, clientHeight } = box;
    canvas.width = Math.round(clientWidth * ratio);
    canvas.height = Math.round(clientHeight * ratio);
    stage.resized(clientWidth, clientHeight);
    queue();
  });
  watcher.observe(box);

  const layer = new Layer();
  let queued = 0;
  const now = () => {
    queued = 0;
    const shown = bench.shown.value,
      type = typeOf(bench.tool.value);
    const label = labelFor(bench, type ?? "mask");
    paint(context, layer, {
      view: bench.viewport.value,
      ratio: devicePixelRatio,
      bitmap: shown?.bitmap ?? null,
      items: bench.hidden.value ? [] : bench.items.value,
      selected: bench.selected.value,
      pointed: bench.pointed.value,
      preview: bench.preview.value,
      drawing: bench.drawing.value,
      tool: bench.tool.value,
      color: label?.color ?? "#1f6f5c",
      radius: bench.radius.value,
      pointer: stage.pointer.value,
      backdrop: getComputedStyle(box).backgroundColor,
      prompting: ai.segmenting.value ? ai.prompting.value : null,
      label: (id) => bench.label(id),
    });
    // What is on the canvas cannot be read from outside; tests and measurements look here.
    canvas.dataset["frame"] = String(shown?.frame ?? "");
    canvas.dataset["painted"] = String(Number(canvas.dataset["painted"] ?? 0) + 1);
  };
  const queue = () => {
    queued ||= requestAnimationFrame(now);
  };
  ends.push(
    effect(() => {
      void [
        bench.viewport.value,
        bench.shown.value,
        bench.items.value,
        bench.selected.value,
        bench.pointed.value,
        bench.preview.value,
        bench.drawing.value,
        bench.hidden.value,
        bench.tool.value,
        bench.radius.value,
        bench.chosenLabel.value,
        ai.segmenting.value,
        ai.prompting.value,
      ];
      if (bench.tool.value === "brush" || bench.tool.value === "eraser") void stage.pointer.value;
      queue();
    }),
  );
  // Images of a task may differ in size.
  ends.push(
    effect(() => {
      void bench.shown.value;
      untracked(() => stage.refit());
    }),
  );
  return () => {
    for (const end of ends) end();
    watcher.disconnect();
    cancelAnimationFrame(queued);
  };
}
