import { useState } from "preact/hooks";
import type { AiFunction } from "../core/wire";
import { ago, duration, plural } from "../core/words";
import { wordsOf } from "../net/api";
import * as hub from "../net/hub";
import { Command, Dialog, Problem, useEvery } from "../parts/feedback";
import { Icon } from "../parts/icons";
import { session } from "../session";

export const KINDS = { detector: "Detector", interactor: "Click to segment", tracker: "Tracker" };

export function runCommand(fn: Pick<AiFunction, "id">): string {
  return `cvat-cli --server-host ${location.origin} function run-agent ${fn.id} --function-file your_function.py`;
}

export function FunctionsPage() {
  const [found, setFound] = useState<AiFunction[] | null>(null),
    [problem, setProblem] = useState("");
  const [leaving, setLeaving] = useState<AiFunction | null>(null);
  const read = () =>
    hub.functionsServed().then(
      (all) => {
        setFound(all);
        setProblem("");
      },
      (error: unknown) => setProblem(wordsOf(error)),
    );
  useEvery(5, () => void read());
  return (
    <>
      <div class="heading">
        <h1>Functions</h1>
        <span class="quiet">{found ? plural(found.length, "model") : ""}</span>
      </div>
      <Problem>{problem}</Problem>
      {found && !found.length && (
        <div class="empty">
          <p>No model is registered yet. Register one of your own, and start its agent:</p>
          <Command
            text={`cvat-cli --server-host ${location.origin} function create-native "My detector" --function-file your_function.py`}
          />
        </div>
      )}
      <ul class="rows">
        {found?.map((fn) => (
          <Row key={fn.id} fn={fn} onDelete={() => setLeaving(fn)} />
        ))}
      </ul>
      {leaving && (
        <Dialog title={`Delete “${leaving.name}”?`} onClose={() => setLeaving(null)}>
          <p>All requests to it go too. What it has annotated stays.</p>
          <div class="row end">
            <button type="button" onClick={() => setLeaving(null)}>
              Keep it
            </button>
            <button
              type="button"
              class="danger"
              onClick={() =>
                void hub.deleteFunction(leaving.id).then(
                  () => {
                    setLeaving(null);
                    void read();
                  },
                  (error: unknown) => {
                    setLeaving(null);
                    setProblem(wordsOf(error));
                  },
                )
              }
            >
              Delete the function
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Row({ fn, onDelete }: { fn: AiFunction; onDelete: () => void }) {
  const now = session.value,
    mine = now.at === "in" && (now.person.is_superuser || now.person.id === fn.owner?.id);
  const agents = fn.figures?.agents ?? 0;
  return (
    <li class="panel">
      <div class="row">
        <span class={agents ? "dot alive" : "dot"} aria-hidden="true" />
        <div class="grow">
          <strong>{fn.name}</strong> <span class="kind">{KINDS[fn.kind]}</span>
          <p class="quiet">
            #{fn.id} · {fn.owner?.username ?? "nobody"} ·{" "}
            {fn.visibility === "public" ? "for everybody" : "private"} · {does(fn)}
          </p>
        </div>
        <dl class="figures">
          <div>
            <dt>Agents</dt>
            <dd>{agents || "none"}</dd>
          </div>
          <div>
            <dt>Typical answer</dt>
            <dd>{latency(fn)}</dd>
          </div>
          <div>
            <dt>Waiting</dt>
            <dd>{waiting(fn)}</dd>
          </div>
          <div>
            <dt>Last seen</dt>
            <dd>{fn.figures?.last_seen ? ago(fn.figures.last_seen, Date.now()) : "never"}</dd>
          </div>
        </dl>
        {mine && (
          <button type="button" class="plain tight" aria-label={`Delete ${fn.name}`} onClick={onDelete}>
            <Icon name="trash" />
          </button>
        )}
      </div>
      {!agents && (
        <div class="hint">
          <span>No agent serves it. This starts one:</span>
          <Command text={runCommand(fn)} />
        </div>
      )}
    </li>
  );
}

export function latency(fn: AiFunction): string {
  const seconds = fn.figures?.seconds ?? {},
    typical = seconds["p50"] ?? seconds["50"] ?? Object.values(seconds)[0];
  return typical === undefined ? "not known" : duration(typical);
}

function waiting(fn: AiFunction): string {
  const count = Object.values(fn.figures?.queued ?? {}).reduce((sum, each) => sum + each, 0);
  return count ? plural(count, "request") : "nothing";
}

function does(fn: AiFunction): string {
  if (fn.kind === "detector") return plural(fn.labels_v2?.length ?? 0, "label");
  if (fn.kind === "tracker") return `follows ${(fn.supported_shape_types ?? []).join(", ") || "nothing"}`;
  return [fn.startswith_box ? "box" : "", "clicks"].filter(Boolean).join(" and ");
}
