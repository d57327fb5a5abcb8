// What is yet to be saved, decided without doing: changes come in, requests go out, answers come in.

import type { Annotation, Change } from "./document";
import type { Kind, LabeledData } from "./wire";

export type Action = "create" | "update" | "delete";
export interface Request {
  action: Action;
  keys: number[];
  body: LabeledData;
  name: string;
}
export type Phase = "saved" | "unsaved" | "saving" | "failed" | "conflict";
export interface Known {
  kind: Kind;
  id: number;
  revision: number;
}

/** How long to wait before it is tried again, in ms, after so many failures. */
export function patience(failures: number): number {
  return Math.min(30_000, 1000 * 2 ** (failures - 1));
}

const MOST = 500;

export class Saving {
  /** What the hub has, by key; without those that it doesn't know yet. */
  private readonly known = new Map<number, Known>();
  /** As what each was sent; it may have become another kind since. */
  private readonly sentKinds = new Map<number, Kind>();
  private readonly dirty = new Set<number>();
  private sent: Request | null = null;
  private readonly changedSince = new Set<number>();
  /** A create whose answer was lost: it is sent again as it was, so that the hub knows it. */
  private lost: Request | null = null;
  failures = 0;
  conflict: number[] = [];

  /** `newName` gives a create the name by which the hub knows it again. */
  constructor(
    all: Iterable<Annotation>,
    private readonly newName: () => string,
  ) {
    this.reset(all);
  }

  /** Begin anew with what was read from the hub. */
  reset(all: Iterable<Annotation>): void {
    for (const each of [this.known, this.sentKinds, this.dirty, this.changedSince]) each.clear();
    this.sent = this.lost = null;
    this.failures = 0;
    this.conflict = [];
    for (const each of all) this.learn(each);
  }

  get phase(): Phase {
    if (this.conflict.length) return "conflict";
    if (this.sent) return "saving";
    if (this.failures && (this.lost || this.dirty.size)) return "failed";
    return this.lost || this.dirty.size ? "unsaved" : "saved";
  }

  /** Note changes that somebody made here. */
  note(changes: readonly Change[]): void {
    for (const { key } of changes) {
      if (this.sent?.keys.includes(key)) this.changedSince.add(key);
      else this.dirty.add(key);
    }
  }

  /** Return the next request, if there is something to be saved and nothing on its way. */
  next(get: (key: number) => Annotation | undefined): Request | null {
    if (this.sent || this.conflict.length) return null;
    if (this.lost) return this.sendAgain(this.lost);
    for (const action of ["delete", "update", "create"] as const) {
      const keys = [...this.dirty].filter((key) => this.actionFor(key, get(key)) === action).slice(0, MOST);
      if (!keys.length) continue;
      for (const key of keys) this.dirty.delete(key);
      // What became a track is to the hub another object: the shape goes, and then the track comes.
      if (action === "delete") for (const key of keys) if (get(key)) this.changedSince.add(key);
      this.sent = { action, keys, body: this.body(action, keys, get), name: this.newName() };
      return this.sent;
    }
    // What came and went between two requests is nothing to the hub.
    this.dirty.clear();
    return null;
  }

  /** The hub took it; `answer` has what it made of it, in the order in which it was sent. */
  done(answer: LabeledData): void {
    const { action, keys } = this.sent!,
      at = { tags: 0, shapes: 0, tracks: 0 };
    for (const key of keys) {
      const kind = this.sentKinds.get(key)!,
        { id = 0, revision = 0 } = answer[kind]?.[at[kind]++] ?? {};
      if (action === "delete") this.known.delete(key);
      else this.known.set(key, { kind, id, revision });
    }
    this.failures = 0;
    this.settle([]);
  }

  /** It wasn't taken, and is still to be saved; `unheard` if the hub may have taken it after all. */
  failed(unheard: boolean): void {
    const request = this.sent!;
    this.failures++;
    if (!unheard || request.action !== "create") return this.settle(request.keys);
    this.lost = request;
    this.sent = null;
  }

  /** Somebody else changed some of these: nothing is saved until it is decided whose is kept. */
  conflicted(ids: ReadonlySet<number>): void {
    const { keys } = this.sent!;
    this.settle(keys);
    const named = keys.filter((key) => ids.has(this.known.get(key)?.id ?? 0));
    this.conflict = named.length ? named : keys;
  }

  /** Keep ours, over what the others made: `theirs` has the revisions that are there now. */
  keepOurs(theirs: ReadonlyMap<number, number>): void {
    for (const key of this.conflict) {
      const known = this.known.get(key);
      const revision = known && theirs.get(known.id);
      // What they have deleted is made anew.
      if (revision === undefined) this.known.delete(key);
      else this.known.set(key, { ...known!, revision });
    }
    this.conflict = [];
  }

  /** Take what the others made of ours: `theirs` has the revisions that are there now. */
  takeTheirs(theirs: ReadonlyMap<number, number>): void {
    for (const key of this.conflict) this.dirty.delete(key);
    this.keepOurs(theirs);
  }

  /** What is in conflict, as the hub knows it. */
  conflicting(): { key: number; kind: Kind; id: number }[] {
    return this.conflict.flatMap((key) => {
      const known = this.known.get(key);
      return known ? [{ key, kind: known.kind, id: known.id }] : [];
    });
  }

  private sendAgain(request: Request): Request {
    for (const key of request.keys) if (this.dirty.delete(key)) this.changedSince.add(key);
    this.lost = null;
    return (this.sent = request);
  }

  private settle(again: readonly number[]): void {
    for (const key of [...again, ...this.changedSince]) this.dirty.add(key);
    this.changedSince.clear();
    this.sent = null;
  }

  private actionFor(key: number, now: Annotation | undefined): Action | null {
    const known = this.known.get(key);
    if (!known) return now ? "create" : null;
    return now?.kind === known.kind ? "update" : "delete";
  }

  private body(
    action: Action,
    keys: readonly number[],
    get: (key: number) => Annotation | undefined,
  ): LabeledData {
    const body: LabeledData = { version: 0, tags: [], shapes: [], tracks: [] };
    for (const key of keys) {
      const { id: _, revision: __, ...value } = get(key)?.value ?? {},
        known = this.known.get(key);
      const kind = action === "delete" ? known!.kind : get(key)!.kind,
        { id, revision } = known ?? {};
      (body[kind] as object[]).push({
        ...(action === "delete" ? {} : value),
        ...(action === "create" ? {} : { id, revision }),
      });
      this.sentKinds.set(key, kind);
    }
    return body;
  }

  private learn(each: Annotation): void {
    const { id, revision } = each.value;
    if (id !== undefined) this.known.set(each.key, { kind: each.kind, id, revision: revision ?? 0 });
  }
}
