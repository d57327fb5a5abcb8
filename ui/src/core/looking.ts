// What of the annotations is looked at: by label, source and score; how many of it each frame has.

import type { Annotation } from "./document";
import { spans } from "./tracks";

export interface Filter {
  hiddenLabels: ReadonlySet<number>;
  source: "all" | "manual" | "auto";
  least: number;
  most: number;
}
export const EVERYTHING: Filter = { hiddenLabels: new Set(), source: "all", least: 0, most: 1 };

/** What somebody drew or accepted is certain. */
export function scoreOf(each: Annotation): number {
  return each.kind === "tracks" ? 1 : (each.value.score ?? 1);
}

export function isByHand(each: Annotation): boolean {
  return (each.value.source ?? "manual") === "manual";
}

export function passes(filter: Filter, each: Annotation): boolean {
  if (filter.hiddenLabels.has(each.value.label_id)) return false;
  if (filter.source !== "all" && isByHand(each) !== (filter.source === "manual")) return false;
  const score = scoreOf(each);
  return score >= filter.least && score <= filter.most;
}

export function isOpen(filter: Filter): boolean {
  return !filter.hiddenLabels.size && filter.source === "all" && filter.least === 0 && filter.most === 1;
}

/** How many annotations some frames have, and the mean of their scores. */
export interface Bin {
  count: number;
  score: number;
}

/** Put the frames of a task into so many bins, or one for each if there are fewer. */
export function histogram(
  all: Iterable<Annotation>,
  size: number,
  most: number,
  filter: Filter = EVERYTHING,
): Bin[] {
  const count = Math.max(1, Math.min(size, most)),
    counts = new Float64Array(count),
    scores = new Float64Array(count);
  const bin = (frame: number) => Math.min(count - 1, Math.floor((frame * count) / size));
  for (const each of all) {
    if (!passes(filter, each)) continue;
    if (each.kind === "tracks") {
      for (const [from, to] of spans(each.value, size)) {
        for (let i = bin(from); i <= bin(Math.max(from, to - 1)); i++) {
          counts[i]!++;
          scores[i]!++;
        }
      }
    } else {
      const i = bin(each.value.frame);
      counts[i]!++;
      scores[i]! += scoreOf(each);
    }
  }
  return Array.from(counts, (n, i) => ({ count: n, score: n ? scores[i]! / n : 0 }));
}

/** What is to be reviewed: shapes and tags that a function found, the most doubtful first. */
export function byDoubt(all: Iterable<Annotation>, filter: Filter = EVERYTHING): Annotation[] {
  const open = [...all].filter((each) => !isByHand(each) && passes(filter, each));
  return open.sort((a, b) => scoreOf(a) - scoreOf(b) || a.value.frame - b.value.frame || a.key - b.key);
}

/** What is accepted is as good as drawn by hand, but one can still see that it was found. */
export const ACCEPTED = "semi-auto";
export function isUndecided(each: Annotation): boolean {
  return !["manual", ACCEPTED].includes(each.value.source ?? "manual");
}
