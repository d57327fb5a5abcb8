// Review: what models found, the most doubtful first; one key accepts, one rejects.

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { byDoubt, isUndecided, scoreOf } from "../core/looking";
import { plural } from "../core/words";
import { Windowed } from "../parts/windowed";
import type { Annotation } from "../core/document";
import { type Bench, outlineOf } from "./bench";
import type { Editing } from "./editing";
import { Score, Swatch } from "./objects";
import type { Stage } from "./stage";

export class Review {
  readonly on = signal(false);
  readonly open: ReadonlySignal<readonly Annotation[]>;
  readonly current = signal<number | null>(null);
  readonly decided = signal({ accepted: 0, rejected: 0 });

  constructor(
    private readonly bench: Bench,
    private readonly editing: Editing,
    private readonly stage: Stage,
  ) {
    this.open = computed(() => {
      void bench.version.value;
      return this.on.value ? byDoubt(bench.document.values(), bench.filter.value).filter(isUndecided) : [];
    });
  }

  toggle(): void {
    this.on.value = !this.on.value;
    if (this.on.value) this.show(this.open.value[0]);
    else this.current.value = null;
  }

  show(each: Annotation | undefined): void {
    this.current.value = each?.key ?? null;
    if (!each) return this.bench.select();
    this.bench.goTo(each.value.frame);
    this.bench.select(each.key);
    const outline = outlineOf(each, each.value.frame);
    if (outline) this.stage.reveal(outline);
  }

  accept(): void {
    this.decide((key) => this.editing.accept([key]), "accepted");
  }

  reject(): void {
    this.decide((key) => this.editing.remove([key]), "rejected");
  }

  skip(): void {
    this.show(this.after());
  }

  private decide(action: (key: number) => void, how: "accepted" | "rejected"): void {
    const key = this.current.value,
      next = this.after();
    if (key === null) return;
    action(key);
    this.decided.value = { ...this.decided.value, [how]: this.decided.value[how] + 1 };
    this.show(next?.key === key ? undefined : next);
  }

  private after(): Annotation | undefined {
    const all = this.open.value,
      index = all.findIndex(({ key }) => key === this.current.value);
    return all[index + 1] ?? all[0];
  }
}

export function ReviewPanel({ review, bench }: { review: Review; bench: Bench }) {
  const all = review.open.value,
    index = all.findIndex(({ key }) => key === review.current.value),
    { accepted, rejected } = review.decided.value;
  return (
    <>
      <div class="pad reviewing" role="status">
        <p>
          <strong>{plural(all.length, "object")}</strong> to review{" "}
          <span class="quiet">
            · {accepted} accepted, {rejected} rejected
          </span>
        </p>
        <div class="row">
          <button type="button" class="primary grow" disabled={index < 0} onClick={() => review.accept()}>
            Accept <kbd>A</kbd>
          </button>
          <button type="button" class="grow" disabled={index < 0} onClick={() => review.reject()}>
            Reject <kbd>Z</kbd>
          </button>
          <button type="button" disabled={index < 0} onClick={() => review.skip()}>
            Skip <kbd>N</kbd>
          </button>
        </div>
        {!all.length && <p class="quiet">Nothing that a model found is undecided.</p>}
      </div>
      <Windowed
        items={all}
        height={32}
        label="Objects to review"
        current={index}
        row={(each) => {
          const label = bench.label(each.value.label_id);
          return (
            <div class={each.key === review.current.value ? "object selected" : "object"}>
              <button
                type="button"
                class="name"
                aria-pressed={each.key === review.current.value}
                onClick={() => review.show(each)}
              >
                <Swatch label={label} />
                <span class="clip">{label?.name}</span>
                <span class="quiet">frame {each.value.frame + 1}</span>
                <Score value={scoreOf(each)} />
              </button>
            </div>
          );
        }}
      />
    </>
  );
}
