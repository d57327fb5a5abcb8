// A task: tools at the left, the frame in the middle, objects and AI tools at the right, time below.

import { useEffect, useMemo, useState } from "preact/hooks";
import { commandOf } from "../core/keys";
import { plural } from "../core/words";
import { Icon } from "../parts/icons";
import { Ai } from "./ai";
import { AiPanel } from "./ai-panel";
import { Bench } from "./bench";
import { commandsOf, type Desk } from "./commands";
import { Editing } from "./editing";
import { Objects } from "./objects";
import { Review, ReviewPanel } from "./review";
import { Stage } from "./stage";
import { StageView } from "./stage-view";
import { Keys } from "./keys-dialog";
import { Toolbar } from "./toolbar";
import { Timeline } from "./timeline";

type Panel = "objects" | "ai" | "review";
const PANELS: { id: Panel; name: string }[] = [
  { id: "objects", name: "Objects" },
  { id: "ai", name: "AI tools" },
  { id: "review", name: "Review" },
];

export function Workbench({ id }: { id: number }) {
  const [panel, setPanel] = useState<Panel>("objects"),
    [help, setHelp] = useState(false);
  const desk = useMemo(() => deskFor(id, setPanel, () => setHelp((shown) => !shown)), [id]);
  const { bench, ai, review } = desk;
  useEffect(() => {
    void bench.open().then(() => ai.resume());
    void ai.refresh();
    return () => {
      ai.close();
      bench.close();
    };
  }, [desk]);
  useKeys(desk);
  const choose = (next: Panel) => {
    setPanel(next);
    if ((next === "review") !== review.on.value) review.toggle();
  };
  if (!bench.ready.value) return <Waiting bench={bench} />;
  return (
    <div class="workbench">
      <Head desk={desk} onHelp={() => setHelp(true)} />
      <Toolbar desk={desk} />
      <main class="middle">
        <Conflict bench={bench} />
        <StageView stage={desk.stage} />
      </main>
      <aside class="side">
        <div class="tabs" role="tablist" aria-label="Panels">
          {PANELS.map(({ id: name, name: words }) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={panel === name}
              onClick={() => choose(name)}
            >
              {words}
            </button>
          ))}
        </div>
        <div class="panel-body" role="tabpanel">
          {panel === "objects" && <Objects bench={bench} editing={desk.editing} stage={desk.stage} />}
          {panel === "ai" && <AiPanel ai={ai} bench={bench} editing={desk.editing} />}
          {panel === "review" && <ReviewPanel review={review} bench={bench} />}
        </div>
      </aside>
      <Timeline bench={bench} />
      {help && <Keys onClose={() => setHelp(false)} />}
    </div>
  );
}

function deskFor(id: number, panel: Desk["panel"], help: () => void): Desk {
  const bench = new Bench(id),
    editing = new Editing(bench),
    ai = new Ai(bench, editing),
    stage = new Stage(bench, editing, ai);
  return { bench, editing, ai, stage, review: new Review(bench, editing, stage), panel, help };
}

function useKeys(desk: Desk): void {
  useEffect(() => {
    const commands = commandsOf(desk);
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement,
        command = commandOf(event);
      if (!command || target.closest("dialog") || isForItself(target, event, desk)) return;
      event.preventDefault();
      commands[command]();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [desk]);
}

/** Fields take what is typed into them; buttons take Enter and Space; Tab goes on outside of the canvas. */
function isForItself(target: HTMLElement, event: KeyboardEvent, desk: Desk): boolean {
  if (target.matches("input:not([type=checkbox], [type=range]), textarea")) return true;
  if (target.matches("select, input[type=range]") && !event.ctrlKey) return event.key !== "Escape";
  if (event.key === "Tab") return !target.matches("canvas") || !desk.bench.items.value.length;
  return target.matches("button, a, summary, input") && (event.key === "Enter" || event.key === " ");
}

function Waiting({ bench }: { bench: Bench }) {
  return (
    <main class="waiting">
      {bench.problem.value ? (
        <div class="empty">
          <p role="alert">{bench.problem.value}</p>
          <a class="button" href="#/tasks">
            Back to the tasks
          </a>
        </div>
      ) : (
        <p class="quiet" aria-busy="true">
          Opening the task…
        </p>
      )}
    </main>
  );
}

function Head({ desk: { bench, editing, review, panel }, onHelp }: { desk: Desk; onHelp: () => void }) {
  void bench.version.value;
  return (
    <header class="head">
      <a class="button plain tight" href="#/tasks" aria-label="All tasks" title="All tasks">
        <Icon name="back" />
      </a>
      <h1 class="clip">{bench.task.value?.name}</h1>
      <Saved bench={bench} />
      <span class="grow" />
      {bench.problem.value && (
        <p class="problem slim" role="alert">
          {bench.problem.value}{" "}
          <button type="button" class="link" onClick={() => (bench.problem.value = "")}>
            dismiss
          </button>
        </p>
      )}
      <button
        type="button"
        class="plain tight"
        aria-label="Undo"
        title="Undo (Ctrl+Z)"
        disabled={!bench.history.canUndo}
        onClick={() => editing.undo()}
      >
        <Icon name="undo" />
      </button>
      <button
        type="button"
        class="plain tight"
        aria-label="Redo"
        title="Redo (Ctrl+Shift+Z)"
        disabled={!bench.history.canRedo}
        onClick={() => editing.redo()}
      >
        <Icon name="redo" />
      </button>
      <button
        type="button"
        class="plain tight"
        aria-label={bench.hidden.value ? "Show annotations" : "Hide annotations"}
        title="Hide or show annotations (H)"
        onClick={() => (bench.hidden.value = !bench.hidden.value)}
      >
        <Icon name={bench.hidden.value ? "hidden" : "eye"} />
      </button>
      <button
        type="button"
        class="plain"
        aria-pressed={review.on.value}
        onClick={() => {
          review.toggle();
          panel(review.on.value ? "review" : "objects");
        }}
        title="Review (M)"
      >
        <Icon name="review" /> Review
      </button>
      <button type="button" class="plain tight" aria-label="Keys" title="Keys (?)" onClick={onHelp}>
        <Icon name="help" />
      </button>
    </header>
  );
}

const PHASES = {
  saved: "All saved",
  unsaved: "Unsaved changes",
  saving: "Saving…",
  failed: "Not saved",
  conflict: "Changed by somebody else",
};

function Saved({ bench: { saving } }: { bench: Bench }) {
  const phase = saving.phase.value;
  return (
    <span class={`saved ${phase}`} role="status">
      {PHASES[phase]}
      {phase === "failed" && (
        <span title={saving.problem.value}>
          : {saving.problem.value}{" "}
          <button type="button" class="link" onClick={() => saving.retry()}>
            Try again
          </button>
        </span>
      )}
    </span>
  );
}

function Conflict({ bench }: { bench: Bench }) {
  if (bench.saving.phase.value !== "conflict") return null;
  const decide = (whose: "ours" | "theirs") =>
    void bench.saving.decide(whose).catch((error: unknown) => (bench.problem.value = String(error)));
  return (
    <div class="dispute" role="alert">
      <p>
        <strong>
          Somebody else changed {plural(bench.saving.conflicts, "object")} that you changed too.
        </strong>{" "}
        Nothing was overwritten.
      </p>
      <button type="button" onClick={() => decide("theirs")}>
        Take theirs
      </button>
      <button type="button" class="primary" onClick={() => decide("ours")}>
        Keep mine
      </button>
    </div>
  );
}
