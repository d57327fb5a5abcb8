// The thin loop that does what `Saving` decides: saved as one goes, tried again when it failed.

import { signal } from "@preact/signals";
import type { Change, Document } from "../core/document";
import { patience, type Phase, Saving } from "../core/saving";
import type { Kind, LabeledData, Tag } from "../core/wire";
import { Refused, wordsOf } from "../net/api";
import * as hub from "../net/hub";

const PAUSE = 500;

export class Autosave {
  readonly phase = signal<Phase>("saved");
  readonly problem = signal("");
  private readonly saving: Saving;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly stop: () => void;
  private readonly warn = (event: BeforeUnloadEvent) => {
    if (this.saving.phase !== "saved") event.preventDefault();
  };

  constructor(
    private readonly task: number,
    private readonly document: Document,
  ) {
    this.saving = new Saving(document.values(), newName);
    this.stop = document.listen((changes, origin) => {
      if (origin === "hub") return;
      this.saving.note(changes);
      this.tell();
      this.later(PAUSE);
    });
    addEventListener("beforeunload", this.warn);
  }

  /** How many objects somebody else changed too. */
  get conflicts(): number {
    return this.saving.conflict.length;
  }

  reset(): void {
    this.saving.reset(this.document.values());
    this.problem.value = "";
    this.tell();
  }

  /** Save what is left, and stop. */
  close(): void {
    this.stop();
    removeEventListener("beforeunload", this.warn);
    clearTimeout(this.timer);
    void this.pump();
  }

  /** Save all now; an error if that doesn't succeed. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    await this.pump();
    while (this.saving.phase === "saving") await new Promise((resolve) => setTimeout(resolve, 50));
    if (this.saving.phase !== "saved")
      throw new Error(this.problem.value || "Your changes are not saved yet.");
  }

  retry(): void {
    this.later(0);
  }

  /** Decide a conflict: ours over theirs, or theirs in the place of ours. */
  async decide(whose: "ours" | "theirs"): Promise<void> {
    const data = await hub.annotations(this.task),
      revisions = new Map<number, number>(),
      theirs = new Map<number, Tag>();
    for (const kind of ["tags", "shapes", "tracks"] as Kind[]) {
      for (const each of data[kind]) {
        revisions.set(each.id!, each.revision ?? 0);
        theirs.set(each.id!, each);
      }
    }
    if (whose === "theirs") {
      this.document.apply(
        this.saving.conflicting().map(({ key, kind, id }) => this.changeTo(key, kind, theirs.get(id))),
        "hub",
      );
      this.saving.takeTheirs(revisions);
    } else this.saving.keepOurs(revisions);
    this.problem.value = "";
    this.later(0);
  }

  private changeTo(key: number, kind: Kind, value: Tag | undefined): Change {
    const before = this.document.get(key) ?? null;
    return { key, before, after: value ? ({ key, kind, value } as Change["after"]) : null };
  }

  private later(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.pump(), milliseconds);
  }

  private tell(): void {
    this.phase.value = this.saving.phase;
  }

  private async pump(): Promise<void> {
    for (;;) {
      const request = this.saving.next((key) => this.document.get(key));
      this.tell();
      if (!request) return;
      try {
        const answer = await hub.save(this.task, request);
        this.saving.done(answer as LabeledData);
        this.problem.value = "";
      } catch (error) {
        this.fail(error);
        this.tell();
        return;
      }
    }
  }

  private fail(error: unknown): void {
    const refused = error instanceof Refused ? error : null;
    const changed = refused?.status === 409 ? changedIds(refused.body) : null;
    this.problem.value = wordsOf(error);
    if (changed) return this.saving.conflicted(changed);
    this.saving.failed(!refused || refused.status === 0 || refused.status >= 500);
    // What the hub refused for what it is stays refused.
    if (!refused || refused.mayPass || refused.status === 409) this.later(patience(this.saving.failures));
  }
}

function changedIds(body: unknown): Set<number> | null {
  if (typeof body !== "object" || body === null || !("changed" in body)) return null;
  return new Set(Object.values(body.changed as Record<string, number[]>).flat());
}

/** A request that is sent again after a lost answer is the same to the hub only if it has its name. */
function newName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
