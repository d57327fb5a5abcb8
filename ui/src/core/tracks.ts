// Where a track is on a frame: at its key frames as they say, between them in between.

import type { Outline } from "./geometry";
import type { Element, KeyFrame, Track } from "./wire";

export interface Position extends Outline {
  points: number[];
  rotation: number;
  outside: boolean;
  occluded: boolean;
  isKey: boolean;
  elements?: Element[];
}

/** Return where a track is; nothing before its first key frame, or where it is out of sight. */
export function positionAt(track: Track, frame: number): Position | null {
  const found = between(track.shapes, frame);
  if (!found) return null;
  if (!track.elements?.length) return found.outside ? null : found;
  const elements: Element[] = [];
  for (const part of track.elements) {
    const at = between(part.shapes, frame);
    if (at)
      elements.push({
        label_id: part.label_id,
        type: at.type,
        frame,
        points: at.points,
        outside: at.outside,
        occluded: at.occluded,
      });
  }
  return found.outside || !elements.length ? null : { ...found, elements };
}

function between(keys: readonly KeyFrame[], frame: number): Position | null {
  const [before, after] = neighbours(keys, frame);
  if (!before) return null;
  const at = (key: KeyFrame, points: number[], rotation: number): Position => ({
    type: key.type,
    points,
    rotation,
    outside: key.outside ?? false,
    occluded: key.occluded ?? false,
    isKey: key.frame === frame,
  });
  const turn = before.rotation ?? 0;
  if (!after || before.frame === frame || after.outside || !canMix(before, after))
    return at(before, before.points, turn);
  const t = (frame - before.frame) / (after.frame - before.frame);
  const points = before.points.map((v, i) => v + (after.points[i]! - v) * t);
  return at(before, points, (turn + shortestTurn(turn, after.rotation ?? 0) * t + 360) % 360);
}

function canMix(a: KeyFrame, b: KeyFrame): boolean {
  return a.type === b.type && a.type !== "mask" && a.points.length === b.points.length;
}

function shortestTurn(from: number, to: number): number {
  return ((to - from + 540) % 360) - 180;
}

/** The last key frame that is not behind a frame, and the first behind it; they are sorted. */
function neighbours(keys: readonly KeyFrame[], frame: number): [KeyFrame | undefined, KeyFrame | undefined] {
  let low = 0,
    high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]!.frame <= frame) low = middle + 1;
    else high = middle;
  }
  return [keys[low - 1], keys[low]];
}

/** Return a track that is at a place on a frame, which becomes a key frame. */
export function withKey(
  track: Track,
  frame: number,
  at: Partial<KeyFrame> & Pick<KeyFrame, "type" | "points">,
  elements?: readonly Element[],
): Track {
  const shapes = inserted(track.shapes, { outside: false, occluded: false, ...at, frame });
  const parts =
    elements &&
    track.elements?.map((part) => {
      const element = elements.find((each) => each.label_id === part.label_id);
      return element
        ? {
            ...part,
            shapes: inserted(part.shapes, {
              frame,
              type: element.type,
              points: [...element.points],
              outside: element.outside ?? false,
              occluded: element.occluded ?? false,
            }),
          }
        : part;
    });
  return { ...track, frame: Math.min(track.frame, frame), shapes, ...(parts && { elements: parts }) };
}

/** Return a track that ends before a frame. */
export function endedAt(track: Track, frame: number): Track {
  const there = between(track.shapes, frame);
  if (!there) return track;
  const shapes = track.shapes.filter((key) => key.frame < frame);
  return {
    ...track,
    shapes: inserted(shapes, {
      frame,
      type: there.type,
      points: there.points,
      rotation: there.rotation,
      outside: true,
    }),
  };
}

/** Return a track without one of its key frames; the last one stays. */
export function withoutKey(track: Track, frame: number): Track {
  const shapes = track.shapes.filter((key) => key.frame !== frame);
  return shapes.length ? { ...track, frame: shapes[0]!.frame, shapes } : track;
}

function inserted(keys: readonly KeyFrame[], key: KeyFrame): KeyFrame[] {
  return [...keys.filter((each) => each.frame !== key.frame), key].sort((a, b) => a.frame - b.frame);
}

/** The frames on which a track is seen, up to the last one of the task: from, to (exclusive). */
export function spans(track: Track, size: number): [number, number][] {
  const found: [number, number][] = [];
  track.shapes.forEach((key, i) => {
    const end = track.shapes[i + 1]?.frame ?? size;
    if (key.outside) return;
    const last = found.at(-1);
    if (last && last[1] === key.frame) last[1] = end;
    else found.push([key.frame, end]);
  });
  return found;
}
