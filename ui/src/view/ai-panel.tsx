// The AI tools: which model, what its labels mean here, and what it is to do.

import { fits, mapped, type Mapping } from "../core/mapping";
import { missing, takes } from "../core/prompting";
import type { AiFunction } from "../core/wire";
import { duration, left, plural } from "../core/words";
import { latency, runCommand } from "../pages/functions";
import { Command, Problem, Progress, useEvery } from "../parts/feedback";
import { Icon } from "../parts/icons";
import type { Ai } from "./ai";
import type { Bench } from "./bench";
import type { Editing } from "./editing";

interface Props {
  ai: Ai;
  bench: Bench;
  editing: Editing;
}

export function AiPanel({ ai, bench, editing }: Props) {
  useEvery(5, () => void ai.refresh());
  const all = ai.functions.value;
  if (!all)
    return (
      <p class="quiet pad" aria-busy="true">
        Looking for models…
      </p>
    );
  return (
    <div class="ai">
      <Problem>{ai.problem.value}</Problem>
      {!all.length && (
        <div class="pad">
          <p class="quiet">No model is registered here yet. Register one of your own:</p>
          <Command
            text={`cvat-cli --server-host ${location.origin} function create-native "My detector" --function-file your_function.py`}
          />
        </div>
      )}
      {ai.detector.value && <Detect ai={ai} bench={bench} editing={editing} fn={ai.detector.value} />}
      {ai.interactor.value && <Segment ai={ai} fn={ai.interactor.value} />}
      {ai.tracker.value && <Track ai={ai} fn={ai.tracker.value} />}
    </div>
  );
}

function Chooser({
  ai,
  fn,
  title,
  icon,
}: {
  ai: Ai;
  fn: AiFunction;
  title: string;
  icon: "detect" | "segment" | "track";
}) {
  const all = (ai.functions.value ?? []).filter(({ kind }) => kind === fn.kind),
    agents = fn.figures?.agents ?? 0;
  return (
    <>
      <h3>
        <Icon name={icon} /> {title}
      </h3>
      <select
        aria-label={`Model: ${title}`}
        value={fn.id}
        onChange={(e) => (ai.chosen.value = { ...ai.chosen.value, [fn.kind]: Number(e.currentTarget.value) })}
      >
        {all.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
            {each.figures?.agents ? "" : " (no agent)"}
          </option>
        ))}
      </select>
      <p class="quiet row">
        <span class={agents ? "dot alive" : "dot"} aria-hidden="true" />{" "}
        {agents ? plural(agents, "agent") : "no agent"} · {fn.owner?.username ?? "nobody"} · typical{" "}
        {latency(fn)}
      </p>
      {!agents && (
        <div class="hint">
          <span>Nobody serves this model now. This starts an agent:</span>
          <Command text={runCommand(fn)} />
        </div>
      )}
    </>
  );
}

function Detect({ ai, bench, editing, fn }: Props & { fn: AiFunction }) {
  const mapping = ai.mapping(fn),
    count = Object.keys(mapping).length,
    open = bench.suggestions.value,
    threshold = ai.threshold.value;
  const served = Boolean(fn.figures?.agents),
    usable = served && count > 0 && !ai.running.value;
  const above = open.filter((each) => each.kind !== "tracks" && (each.value.score ?? 1) >= threshold);
  return (
    <section>
      <Chooser ai={ai} fn={fn} title="Detect" icon="detect" />
      <details class="mapping">
        <summary>
          Labels: {count} of {fn.labels_v2?.length ?? 0} mapped
        </summary>
        <Labels
          fn={fn}
          mapping={mapping}
          bench={bench}
          onChange={(next) => (ai.mappings.value = { ...ai.mappings.value, [fn.id]: next })}
        />
      </details>
      {!count && <p class="problem">No label of this model matches one of the task. Map at least one.</p>}
      <label class="row">
        Score from{" "}
        <input
          class="grow"
          type="range"
          min={0}
          max={100}
          value={Math.round(threshold * 100)}
          onInput={(e) => (ai.threshold.value = Number(e.currentTarget.value) / 100)}
        />
        <output>{Math.round(threshold * 100)} %</output>
      </label>
      {fn.labels_v2?.some(({ type }) => type === "mask" || type === "any") && (
        <label class="check">
          <input
            type="checkbox"
            checked={ai.polygons.value}
            onChange={(e) => (ai.polygons.value = e.currentTarget.checked)}
          />{" "}
          masks as polygons
        </label>
      )}
      {ai.detecting.value ? (
        <button type="button" onClick={() => ai.cancelDetection()}>
          Detecting… cancel
        </button>
      ) : (
        <button type="button" class="primary" disabled={!usable} onClick={() => void ai.detect()} title="G">
          Detect on this frame
        </button>
      )}
      {ai.nothing.value && (
        <p class="quiet" role="status">
          Nothing found on this frame from {Math.round(threshold * 100)} % on.
        </p>
      )}
      {open.length > 0 && (
        <div class="suggested" role="status">
          <p>
            <strong>{plural(open.length, "suggestion")}</strong>{" "}
            <span class="quiet">Accept one by one on the canvas or in the list.</span>
          </p>
          <div class="row wrap">
            <button type="button" class="primary" onClick={() => editing.accept(open.map(({ key }) => key))}>
              Accept all
            </button>
            {above.length < open.length && (
              <button type="button" onClick={() => editing.accept(above.map(({ key }) => key))}>
                Accept {above.length} from {Math.round(threshold * 100)} %
              </button>
            )}
            <button type="button" onClick={() => (bench.suggestions.value = [])}>
              Reject all
            </button>
          </div>
        </div>
      )}
      {ai.running.value ? (
        <Running ai={ai} />
      ) : (
        <div class="whole">
          <label class="row">
            Existing annotations
            <select
              class="grow"
              value={String(ai.replace.value)}
              onChange={(e) => (ai.replace.value = e.currentTarget.value === "true")}
            >
              <option value="false">are kept</option>
              <option value="true">are replaced</option>
            </select>
          </label>
          <button type="button" disabled={!usable} onClick={() => void ai.annotateTask()}>
            Annotate all {plural(bench.size, "frame")}
          </button>
        </div>
      )}
    </section>
  );
}

function Running({ ai }: { ai: Ai }) {
  const { status, progress, started } = ai.running.value!,
    seconds = started ? (Date.now() - Date.parse(started)) / 1000 : 0;
  const words = status === "queued" ? "Waiting for an agent…" : `Annotating: ${Math.round(progress)} %`;
  return (
    <div class="suggested" role="status">
      <p class="row">
        <span class="grow">{words}</span>
        <span class="quiet">{left(progress, seconds) || (seconds > 1 ? duration(seconds) : "")}</span>
      </p>
      <Progress value={progress} label="Annotating the task" />
      <button type="button" onClick={() => void ai.cancelRequest()}>
        Cancel
      </button>
    </div>
  );
}

function Labels({
  fn,
  mapping,
  bench,
  onChange,
}: {
  fn: AiFunction;
  mapping: Mapping;
  bench: Bench;
  onChange: (mapping: Mapping) => void;
}) {
  const set = (name: string, id: string) => {
    const { [name]: _, ...others } = mapping,
      from = fn.labels_v2!.find((each) => each.name === name)!,
      to = bench.label(Number(id));
    onChange(to ? { ...others, [name]: mapped(from, to) } : others);
  };
  return (
    <ul>
      {fn.labels_v2?.map((from) => {
        const to = mapping[from.name],
          details = [
            ...Object.entries(to?.attributes ?? {}),
            ...Object.entries(to?.sublabels ?? {}).map(([name, sub]) => [name, sub.name] as const),
          ];
        return (
          <li key={from.name} class="row">
            <span class="grow clip" title={from.name}>
              {from.name}
            </span>
            <select
              aria-label={`Label for ${from.name}`}
              value={bench.labels.value.find(({ name }) => name === to?.name)?.id ?? ""}
              onChange={(e) => set(from.name, e.currentTarget.value)}
            >
              <option value="">leave out</option>
              {bench.labels.value
                .filter((each) => fits(from, each))
                .map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                  </option>
                ))}
            </select>
            {details.length > 0 && (
              <span class="quiet" title={details.map(([a, b]) => `${a} → ${b}`).join("\n")}>
                +{details.length}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Segment({ ai, fn }: { ai: Ai; fn: AiFunction }) {
  const on = ai.segmenting.value,
    { prompts, asked, answered, found, problem } = ai.prompting.value,
    { box, negative } = takes(fn);
  const need = missing(fn, prompts),
    busy = !need && answered < asked;
  return (
    <section>
      <Chooser ai={ai} fn={fn} title="Click to segment" icon="segment" />
      <button
        type="button"
        aria-pressed={on}
        class={on ? "primary" : ""}
        disabled={!fn.figures?.agents}
        onClick={() => (ai.segmenting.value = !on)}
        title="W"
      >
        {on ? "Stop segmenting" : "Segment by clicks"}
      </button>
      {on && (
        <div class="suggested" role="status">
          <p>
            {problem ||
              (busy
                ? "The model is at work…"
                : need
                  ? `${need}.`
                  : found.length
                    ? "Enter accepts it."
                    : "The model found nothing there.")}
          </p>
          <p class="quiet">
            {[
              `${prompts.positive.length} left`,
              negative && `${prompts.negative.length} right`,
              box && (prompts.box ? "a box" : "no box"),
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
          <div class="row wrap">
            <button type="button" class="primary" disabled={!found.length} onClick={() => ai.acceptSegment()}>
              Accept
            </button>
            <button type="button" onClick={() => ai.prompt({ type: "back" })}>
              Take back
            </button>
            <button type="button" onClick={() => ai.prompt({ type: "clear" })}>
              Clear
            </button>
          </div>
        </div>
      )}
    </section>
  );
}

function Track({ ai, fn }: { ai: Ai; fn: AiFunction }) {
  const state = ai.following.value,
    busy = state.at === "starting" || state.at === "running",
    keys = ai.trackable();
  return (
    <section>
      <Chooser ai={ai} fn={fn} title="Track" icon="track" />
      <label class="row">
        For{" "}
        <input
          class="narrow"
          type="number"
          min={1}
          max={10000}
          value={ai.count.value}
          onInput={(e) => (ai.count.value = Math.max(1, Number(e.currentTarget.value) || 1))}
        />{" "}
        frames
      </label>
      {busy ? (
        <button type="button" onClick={() => ai.stopTracking()}>
          Stop at frame {state.frame + 1}
        </button>
      ) : (
        <button
          type="button"
          class="primary"
          disabled={!keys.length || !fn.figures?.agents}
          onClick={() => void ai.track()}
        >
          {keys.length ? `Track ${plural(keys.length, "object")} forward` : "Select what is to be tracked"}
        </button>
      )}
      {busy && (
        <Progress
          label="Tracking"
          value={
            state.at === "running"
              ? (100 * (state.frame - state.first)) / Math.max(1, state.last - state.first + 1)
              : 0
          }
        />
      )}
      {state.at === "stopped" && (
        <p class="quiet" role="status">
          {ENDS[state.reason]} {state.problem}
        </p>
      )}
    </section>
  );
}

const ENDS = {
  done: "Tracked.",
  stopped: "Stopped. Correct it, and go on from here.",
  lost: "Lost sight of it. Correct it, and go on from here.",
  failed: "It could not go on:",
};
