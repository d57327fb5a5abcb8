// The frames along the bottom: thumbnails, how many annotations each part has, and where one is.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Bin, histogram } from "../core/looking";
import { plural } from "../core/words";
import { frameAddress } from "../net/frames";
import { Icon, type IconName } from "../parts/icons";
import type { Bench } from "./bench";

const WIDTH = 84,
  HEIGHT = 48;

export function Timeline({ bench }: { bench: Bench }) {
  const box = useRef<HTMLDivElement>(null),
    [width, setWidth] = useState(0),
    { size } = bench,
    frame = bench.frame.value;
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    watcher.observe(box.current!);
    return () => watcher.disconnect();
  }, []);
  const version = bench.version.value,
    filter = bench.filter.value;
  const bins = useMemo(
    () => histogram(bench.document.values(), size, Math.max(1, Math.floor(width / 4)), filter),
    [version, filter, size, width],
  );
  const at = (event: { clientX: number }) => {
    const { left, width: all } = box.current!.getBoundingClientRect();
    bench.goTo(Math.floor(((event.clientX - left) / all) * size));
  };
  return (
    <footer class="timeline">
      <div class="controls">
        <Control icon="first" name="First frame" onClick={() => bench.goTo(0)} />
        <Control icon="previous" name="Previous frame (D)" onClick={() => bench.goTo(frame - 1)} />
        <Control
          icon={bench.playing.value ? "pause" : "play"}
          name={bench.playing.value ? "Pause" : "Play (Space)"}
          onClick={() => (bench.playing.value = !bench.playing.value)}
        />
        <Control icon="next" name="Next frame (F)" onClick={() => bench.goTo(frame + 1)} />
        <Control icon="last" name="Last frame" onClick={() => bench.goTo(size - 1)} />
        <label class="row quiet">
          <input
            class="number"
            type="number"
            aria-label="Frame"
            min={1}
            max={size}
            value={frame + 1}
            onChange={(e) => bench.goTo(Number(e.currentTarget.value) - 1)}
          />{" "}
          of {size.toLocaleString("en")}
        </label>
        <span class="clip quiet grow">{bench.frameMeta.name}</span>
        <span class="quiet">{plural(bench.document.size, "annotation")}</span>
      </div>
      <div
        ref={box}
        class="strip"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          at(event);
        }}
        onPointerMove={(event) => {
          if (event.buttons & 1) at(event);
        }}
      >
        <Thumbnails bench={bench} width={width} />
        <Histogram bins={bins} width={width} />
        <div class="here" style={{ left: `${((frame + 0.5) / Math.max(1, size)) * 100}%` }} />
        <input
          class="unseen"
          type="range"
          min={1}
          max={size}
          value={frame + 1}
          aria-label="Frame"
          aria-valuetext={`Frame ${frame + 1} of ${size}`}
          onInput={(e) => bench.goTo(Number(e.currentTarget.value) - 1)}
        />
      </div>
    </footer>
  );
}

function Control({ icon, name, onClick }: { icon: IconName; name: string; onClick: () => void }) {
  return (
    <button type="button" class="plain tight" aria-label={name} title={name} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** A bar for each bin: as high as there are annotations, as green as they are certain. */
function Histogram({ bins, width }: { bins: readonly Bin[]; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null),
    height = 30;
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!,
      ratio = devicePixelRatio,
      most = Math.max(1, ...bins.map(({ count }) => count)),
      step = width / bins.length;
    canvas.current!.width = width * ratio;
    canvas.current!.height = height * ratio;
    context.scale(ratio, ratio);
    bins.forEach(({ count, score }, i) => {
      if (!count) return;
      const tall = Math.max(2, (count / most) * (height - 2));
      context.fillStyle = `hsl(${Math.round(12 + 148 * Math.max(0, (score - 0.2) / 0.8))} 52% 46%)`;
      context.fillRect(i * step, height - tall, Math.max(1, step - 1), tall);
    });
  }, [bins, width]);
  return (
    <canvas
      ref={canvas}
      class="histogram"
      style={{ width: `${width}px`, height: `${height}px` }}
      role="img"
      aria-label="Annotations along the frames"
    />
  );
}

function Thumbnails({ bench, width }: { bench: Bench; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null),
    shown = bench.shown.value !== null,
    { size, id } = bench;
  const count = Math.min(size, Math.floor(width / WIDTH));
  useEffect(() => {
    // The frame that somebody wants to see comes first.
    if (!shown || !count) return;
    const stop = new AbortController(),
      ratio = devicePixelRatio,
      context = canvas.current!.getContext("2d")!;
    canvas.current!.width = width * ratio;
    canvas.current!.height = HEIGHT * ratio;
    context.scale(ratio, ratio);
    void drawAll(context, id, size, count, width / count, stop.signal);
    return () => stop.abort();
  }, [shown, count, width]);
  return (
    <canvas
      ref={canvas}
      class="thumbnails"
      style={{ width: `${width}px`, height: `${HEIGHT}px` }}
      aria-hidden="true"
    />
  );
}

async function drawAll(
  context: CanvasRenderingContext2D,
  task: number,
  size: number,
  count: number,
  step: number,
  signal: AbortSignal,
): Promise<void> {
  for (let i = 0; i < count && !signal.aborted; i++) {
    const frame = Math.min(size - 1, Math.floor((i * size) / count));
    try {
      const response = await fetch(frameAddress(task, frame), { signal });
      if (!response.ok) continue;
      const bitmap = await createImageBitmap(await response.blob(), {
        resizeHeight: 2 * HEIGHT,
        resizeQuality: "low",
      });
      cover(context, bitmap, i * step, step - 2);
      bitmap.close();
    } catch {
      if (signal.aborted) return;
    }
  }
}

function cover(context: CanvasRenderingContext2D, bitmap: ImageBitmap, left: number, width: number): void {
  const scale = Math.max(width / bitmap.width, HEIGHT / bitmap.height),
    w = width / scale,
    h = HEIGHT / scale;
  context.drawImage(bitmap, (bitmap.width - w) / 2, (bitmap.height - h) / 2, w, h, left, 0, width, HEIGHT);
}
