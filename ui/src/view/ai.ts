// What is asked of models in a task: detect, annotate all, click to segment, follow.

import { computed, effect, signal, untracked } from "@preact/signals";
import type { Annotation, Change } from "../core/document";
import { followed, type Following, type FollowStep, type Placed } from "../core/following";
import { type Mapping, suggested } from "../core/mapping";
import { missing, NOTHING, type Prompting, prompted, type PromptStep } from "../core/prompting";
import { endedAt, withKey } from "../core/tracks";
import type { AiFunction, FunctionRequest, Shape, Tag, Track } from "../core/wire";
import { wordsOf } from "../net/api";
import * as hub from "../net/hub";
import { type Bench, outlineOf } from "./bench";
import { type Editing, trackOf } from "./editing";

type Kind = AiFunction["kind"];

export class Ai {
  readonly functions = signal<readonly AiFunction[] | null>(null);
  readonly chosen = signal<Partial<Record<Kind, number>>>({});
  readonly mappings = signal<Record<number, Mapping>>({});
  readonly threshold = signal(0.3);
  readonly polygons = signal(false);
  readonly replace = signal(false);
  readonly detecting = signal(false);
  /** Whether the last detection found nothing. */
  readonly nothing = signal(false);
  readonly problem = signal("");
  readonly running = signal<FunctionRequest | null>(null);
  readonly segmenting = signal(false);
  readonly prompting = signal<Prompting>(NOTHING);
  readonly following = signal<Following>({ at: "idle" });
  readonly count = signal(20);

  readonly detector = computed(() => this.pick("detector"));
  readonly interactor = computed(() => this.pick("interactor"));
  readonly tracker = computed(() => this.pick("tracker"));
  private stop = new AbortController();
  private asking = new AbortController();
  private closed = false;
  private readonly end: () => void;

  constructor(
    private readonly bench: Bench,
    private readonly editing: Editing,
  ) {
    // Prompts belong to a frame.
    let last = bench.frame.peek();
    this.end = effect(() => {
      if (bench.frame.value !== last) untracked(() => this.prompt({ type: "clear" }));
      last = bench.frame.value;
    });
  }

  close(): void {
    this.closed = true;
    this.end();
    this.stop.abort();
    this.asking.abort();
  }

  async refresh(): Promise<void> {
    try {
      this.functions.value = await hub.functionsServed();
    } catch (error) {
      // A hub that knows no functions has none.
      this.functions.value = this.functions.value ?? [];
      this.problem.value = wordsOf(error);
    }
  }

  mapping(fn: AiFunction): Mapping {
    return this.mappings.value[fn.id] ?? suggested(fn, this.bench.labels.value);
  }

  private pick(kind: Kind): AiFunction | undefined {
    const all = (this.functions.value ?? []).filter((fn) => fn.kind === kind);
    return (
      all.find(({ id }) => id === this.chosen.value[kind]) ?? all.find((fn) => fn.figures?.agents) ?? all[0]
    );
  }

  private options(fn: AiFunction) {
    return {
      mapping: this.mapping(fn),
      threshold: this.threshold.value,
      conv_mask_to_poly: this.polygons.value,
    };
  }

  async detect(): Promise<void> {
    const fn = this.detector.value,
      { bench } = this,
      frame = bench.frame.value;
    if (!fn || this.detecting.value) return;
    this.stop = new AbortController();
    this.detecting.value = true;
    this.nothing.value = false;
    this.problem.value = "";
    try {
      const answer = await hub.detect(fn.id, bench.id, frame, this.options(fn), this.stop.signal);
      if (bench.frame.value !== frame) return;
      bench.suggestions.value = this.suggestions(answer, frame);
      this.nothing.value = !bench.suggestions.value.length;
    } catch (error) {
      if (!this.stop.signal.aborted) this.problem.value = wordsOf(error);
    } finally {
      this.detecting.value = false;
    }
  }

  cancelDetection(): void {
    this.stop.abort();
  }

  private suggestions(
    { tags = [], shapes = [] }: { tags?: Tag[]; shapes?: Shape[] },
    frame: number,
  ): Annotation[] {
    const key = () => this.bench.document.newKey();
    return [
      ...tags.map((value): Annotation => ({ key: key(), kind: "tags", value: { ...value, frame } })),
      ...shapes.map((value): Annotation => ({ key: key(), kind: "shapes", value: { ...value, frame } })),
    ];
  }

  async annotateTask(): Promise<void> {
    const fn = this.detector.value;
    if (!fn) return;
    this.problem.value = "";
    try {
      await this.bench.saving.flush();
      this.running.value = await hub.annotateTask(fn.id, this.bench.id, {
        ...this.options(fn),
        cleanup: this.replace.value,
      });
      await this.attend();
    } catch (error) {
      this.problem.value = wordsOf(error);
    }
  }

  /** Attend to a request of this task that is under way, such as one that was begun in another window. */
  async resume(): Promise<void> {
    const all = await hub.requests().catch(() => []);
    const mine = all.find(
      (each) =>
        each.function.task === this.bench.id && (each.status === "queued" || each.status === "started"),
    );
    if (!mine || this.running.value) return;
    this.running.value = mine;
    await this.attend();
  }

  async cancelRequest(): Promise<void> {
    const { value } = this.running;
    if (value) await hub.cancel(value.id).catch((error: unknown) => (this.problem.value = wordsOf(error)));
  }

  private async attend(): Promise<void> {
    for (let now = this.running.value; now && !this.closed;) {
      if (now.status !== "queued" && now.status !== "started") return this.finish(now);
      await new Promise((resolve) => setTimeout(resolve, 700));
      // A hub that is started again goes on with its requests.
      now = this.running.value = await hub.request(now.id).catch(() => now!);
    }
  }

  private async finish(request: FunctionRequest): Promise<void> {
    this.running.value = null;
    if (request.status === "failed")
      this.problem.value = request.exc_info?.trim().split("\n").at(-1) || "The model failed.";
    try {
      await this.bench.saving.flush();
      await this.bench.reload();
    } catch (error) {
      this.problem.value = wordsOf(error);
    }
  }

  prompt(step: PromptStep): void {
    const before = this.prompting.value,
      after = prompted(before, step);
    this.prompting.value = after;
    if (after.asked !== before.asked) void this.ask(after);
  }

  private async ask({ prompts, asked }: Prompting): Promise<void> {
    this.asking.abort();
    const fn = this.interactor.value,
      { bench } = this,
      stop = (this.asking = new AbortController());
    if (!fn || missing(fn, prompts)) return;
    try {
      this.prompt({
        type: "answered",
        asked,
        found: await hub.interact(fn.id, bench.id, bench.frame.value, prompts, stop.signal),
      });
    } catch (error) {
      if (!stop.signal.aborted) this.prompt({ type: "refused", asked, problem: wordsOf(error) });
    }
  }

  /** Keep what is found, with the chosen label. */
  acceptSegment(): void {
    for (const found of this.prompting.value.found)
      this.editing.add(found, { source: "semi-auto", score: found.score, asTrack: false });
    this.prompt({ type: "clear" });
  }

  /** Follow the selected shapes, or tracks, from this frame on. */
  async track(): Promise<void> {
    const { bench } = this,
      fn = this.tracker.value,
      first = bench.frame.value,
      keys = this.trackable();
    if (!fn || !keys.length) return;
    const outlines = keys.map((key) => outlineOf(bench.document.get(key)!, first)!);
    const before = keys.map((key) => bench.document.get(key)!);
    const { signal: stopped } = (this.stop = new AbortController());
    this.problem.value = "";
    this.step({
      type: "start",
      frame: first,
      last: Math.min(bench.size - 1, first + this.count.value),
      keys,
    });
    try {
      const { states } = await hub.startTracking(
        fn.id,
        bench.id,
        first,
        outlines.map(({ type, points }) => ({ type, points: [...points] })),
        stopped,
      );
      this.step({ type: "begun", states });
      for (let now = this.following.value; now.at === "running"; now = this.following.value) {
        const answer = await hub.track(
          fn.id,
          bench.id,
          now.frame,
          now.followed.map(({ state }) => state),
          stopped,
        );
        this.place(this.step({ type: "found", answer }));
        bench.goTo(now.frame);
      }
    } catch (error) {
      if (!stopped.aborted) this.step({ type: "failed", problem: wordsOf(error) });
    }
    bench.history.remember(
      before.map((each): Change => ({
        key: each.key,
        before: each,
        after: bench.document.get(each.key) ?? null,
      })),
    );
  }

  stopTracking(): void {
    this.step({ type: "stop" });
    this.stop.abort();
  }

  /** The keys of what is selected and can be followed. */
  trackable(): number[] {
    const types = this.tracker.value?.supported_shape_types ?? [],
      { bench } = this;
    return [...bench.selected.value].filter((key) => {
      const each = bench.document.get(key),
        outline = each && outlineOf(each, bench.frame.value);
      return outline && types.includes(outline.type);
    });
  }

  private step(step: FollowStep): Placed[] {
    const [state, placed] = followed(this.following.value, step);
    this.following.value = state;
    return placed;
  }

  private place(placed: readonly Placed[]): void {
    const changes: Change[] = [];
    for (const { key, frame, type, points } of placed) {
      const before = this.bench.document.get(key);
      if (!before || before.kind === "tags") continue;
      const track: Track =
        before.kind === "tracks"
          ? before.value
          : trackOf(before.value, this.bench.label(before.value.label_id));
      const value = type && points ? withKey(track, frame, { type, points }) : endedAt(track, frame);
      changes.push({ key, before, after: { key, kind: "tracks", value } });
    }
    this.bench.document.apply(changes, "model");
  }
}
