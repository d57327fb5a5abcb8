// The picture of a skeleton: where its points lie, and the lines between them. The hub keeps it as
// pieces of SVG, in which a point bears the id of its label.

import type { Point } from "./geometry";
import type { Label } from "./wire";

export interface Skeleton {
  /** By the id of the label, from 0 to 1 across the picture; empty if there is none. */
  places: ReadonlyMap<number, Point>;
  /** Pairs of ids of labels. */
  edges: readonly (readonly [number, number])[];
}

const known = new WeakMap<Label, Skeleton>();

export function skeletonOf(label: Label): Skeleton {
  const found = known.get(label) ?? read(label.svg ?? "");
  known.set(label, found);
  return found;
}

function read(svg: string): Skeleton {
  const nodes = new Map<string, { id: number; at: Point }>();
  for (const [circle] of svg.matchAll(/<circle[^>]*>/g)) {
    nodes.set(attribute(circle, "data-node-id"), {
      id: Number(attribute(circle, "data-label-id")),
      at: { x: Number(attribute(circle, "cx")), y: Number(attribute(circle, "cy")) },
    });
  }
  const edges: [number, number][] = [];
  for (const [line] of svg.matchAll(/<line[^>]*>/g)) {
    const from = nodes.get(attribute(line, "data-node-from")),
      to = nodes.get(attribute(line, "data-node-to"));
    if (from && to) edges.push([from.id, to.id]);
  }
  return { places: spread([...nodes.values()]), edges };
}

function spread(nodes: readonly { id: number; at: Point }[]): Map<number, Point> {
  if (nodes.length < 2) return new Map();
  const part = (value: number, all: readonly number[]) =>
    (value - Math.min(...all)) / (Math.max(...all) - Math.min(...all) || 1);
  const xs = nodes.map(({ at }) => at.x),
    ys = nodes.map(({ at }) => at.y);
  return new Map(nodes.map(({ id, at }) => [id, { x: part(at.x, xs), y: part(at.y, ys) }]));
}

function attribute(element: string, name: string): string {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(element)?.[1] ?? "";
}
