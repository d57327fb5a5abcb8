// Frames of a task as bitmaps: kept within a bound, and those that are likely to be next fetched ahead.

import { refusal, Refused } from "./api";

interface Kept {
  bitmap: Promise<ImageBitmap>;
  stop: AbortController;
  ready: boolean;
}

export class Frames {
  private readonly kept = new Map<number, Kept>();

  constructor(
    private readonly task: number,
    private readonly most = 24,
  ) {}

  /** Whether a frame can be shown at once. */
  has(frame: number): boolean {
    return this.kept.get(frame)?.ready ?? false;
  }

  get(frame: number): Promise<ImageBitmap> {
    const known = this.kept.get(frame);
    if (known) {
      // The last one in the map is the last one to go.
      this.kept.delete(frame);
      this.kept.set(frame, known);
      return known.bitmap;
    }
    return this.fetch(frame);
  }

  /** Fetch ahead, and stop fetching what isn't wanted any more. */
  ahead(frames: readonly number[], current: number): void {
    const wanted = new Set([...frames, current]);
    for (const [frame, each] of this.kept) if (!each.ready && !wanted.has(frame)) this.drop(frame);
    for (const frame of frames) if (!this.kept.has(frame)) this.fetch(frame).catch(() => undefined);
  }

  close(): void {
    for (const frame of [...this.kept.keys()]) this.drop(frame);
  }

  private fetch(frame: number): Promise<ImageBitmap> {
    const stop = new AbortController(),
      bitmap = this.load(frame, stop.signal);
    const entry: Kept = { bitmap, stop, ready: false };
    this.kept.set(frame, entry);
    bitmap.then(
      () => {
        entry.ready = true;
        this.trim();
      },
      () => {
        if (this.kept.get(frame) === entry) this.kept.delete(frame);
      },
    );
    return bitmap;
  }

  private async load(frame: number, signal: AbortSignal): Promise<ImageBitmap> {
    let response: Response;
    try {
      response = await fetch(frameAddress(this.task, frame), { signal });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Refused(0, "The frame could not be fetched: the hub cannot be reached.");
    }
    if (!response.ok) throw refusal(response.status, await response.json().catch(() => null));
    return createImageBitmap(await response.blob());
  }

  private trim(): void {
    for (const [frame, each] of this.kept) {
      if (this.kept.size <= this.most) return;
      if (each.ready) this.drop(frame);
    }
  }

  private drop(frame: number): void {
    const each = this.kept.get(frame);
    this.kept.delete(frame);
    each?.stop.abort();
    each?.bitmap.then(
      (bitmap) => bitmap.close(),
      () => undefined,
    );
  }
}

export function frameAddress(task: number, frame: number): string {
  return `/api/tasks/${task}/data?type=frame&number=${frame}&quality=compressed`;
}
