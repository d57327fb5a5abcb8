// Undo and redo, built on changes only.

import { type Change, type Document, inverse } from "./document";

const KEPT = 200;

export class History {
  private done: (readonly Change[])[] = [];
  private undone: (readonly Change[])[] = [];

  constructor(private readonly document: Document) {
    document.listen((changes, origin) => {
      if (origin === "user") this.remember(changes);
    });
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /** Keep changes as one step, such as all that a model did while it followed a shape. */
  remember(changes: readonly Change[]): void {
    if (!changes.length) return;
    this.done.push(changes);
    if (this.done.length > KEPT) this.done.shift();
    this.undone = [];
  }

  undo(): readonly Change[] {
    return this.turn(this.done, this.undone);
  }

  redo(): readonly Change[] {
    return this.turn(this.undone, this.done);
  }

  /** Forget all, as when the annotations were read anew. */
  clear(): void {
    this.done = [];
    this.undone = [];
  }

  private turn(from: (readonly Change[])[], to: (readonly Change[])[]): readonly Change[] {
    const changes = from.pop();
    if (!changes) return [];
    const back = inverse(changes);
    to.push(back);
    this.document.apply(back, "history");
    return back;
  }
}
