import { useState } from "preact/hooks";
import type { BackgroundRequest, FunctionRequest } from "../core/wire";
import { ago, duration, left } from "../core/words";
import { wordsOf } from "../net/api";
import * as hub from "../net/hub";
import { Problem, Progress, useEvery } from "../parts/feedback";

interface Row {
  id: string;
  what: string;
  task: number | null;
  who: string;
  status: string;
  progress: number;
  began: string;
  started: string | null;
  ended: string | null;
  why: string;
  cancel: boolean;
}

export function RequestsPage() {
  const [rows, setRows] = useState<Row[] | null>(null),
    [problem, setProblem] = useState("");
  const read = () =>
    everything().then(
      (all) => {
        setRows(all);
        setProblem("");
      },
      (error: unknown) => setProblem(wordsOf(error)),
    );
  useEvery(2, () => void read());
  return (
    <>
      <div class="heading">
        <h1>Requests</h1>
        <span class="quiet">What you asked for lately</span>
      </div>
      <Problem>{problem}</Problem>
      {rows && !rows.length && (
        <p class="empty">Nothing was asked for lately. Annotate a task with a model, and it shows up here.</p>
      )}
      {rows && rows.length > 0 && (
        <table class="list">
          <thead>
            <tr>
              <th>What</th>
              <th>Task</th>
              <th>Who</th>
              <th>State</th>
              <th>When</th>
              <th>Took</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Line
                key={row.id}
                row={row}
                onCancel={() =>
                  void hub.cancel(row.id).then(read, (error: unknown) => setProblem(wordsOf(error)))
                }
              />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Line({ row, onCancel }: { row: Row; onCancel: () => void }) {
  const running = row.status === "started" || row.status === "queued";
  const seconds = row.started
    ? ((row.ended ? Date.parse(row.ended) : Date.now()) - Date.parse(row.started)) / 1000
    : 0;
  return (
    <tr>
      <td>{row.what}</td>
      <td>{row.task ? <a href={`#/tasks/${row.task}`}>#{row.task}</a> : "–"}</td>
      <td>{row.who}</td>
      <td class="wide">
        <span class={`state ${row.status}`}>{row.status}</span>
        {row.status === "started" && (
          <>
            <Progress value={row.progress} label={`${row.what}: progress`} />{" "}
            <span class="quiet">
              {Math.round(row.progress)} % {left(row.progress, seconds)}
            </span>
          </>
        )}
        {row.why && (
          <details>
            <summary class="why">{row.why.trim().split("\n").at(-1)}</summary>
            <pre>{row.why}</pre>
          </details>
        )}
      </td>
      <td class="quiet">{ago(row.began, Date.now())}</td>
      <td class="quiet">{row.started ? duration(seconds) : "–"}</td>
      <td>
        {running && row.cancel && (
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
      </td>
    </tr>
  );
}

async function everything(): Promise<Row[]> {
  const [asked, functions, prepared] = await Promise.all([
    hub.requests(),
    hub.functions(),
    hub.backgrounds(),
  ]);
  const names = new Map(functions.map((fn) => [String(fn.id), fn.name]));
  const rows = [...asked.map((each) => ofFunction(each, names)), ...prepared.results.map(ofBackground)];
  return rows.sort((a, b) => b.began.localeCompare(a.began));
}

function ofFunction(each: FunctionRequest, names: ReadonlyMap<string, string>): Row {
  return {
    id: each.id,
    what: `Annotate with ${names.get(each.function.id) ?? `function ${each.function.id}`}`,
    task: each.function.task,
    who: "you",
    status: each.status,
    progress: each.progress,
    began: each.enqueued,
    started: each.started,
    ended: each.ended,
    why: each.exc_info ?? "",
    cancel: true,
  };
}

function ofBackground(each: BackgroundRequest): Row {
  return {
    id: each.id,
    what: "Prepare frames",
    task: each.operation.task_id,
    who: each.owner?.username ?? "nobody",
    status: each.status,
    progress: 100 * (each.progress ?? 0),
    began: each.created_date,
    started: each.started_date,
    ended: each.finished_date,
    why: each.status === "failed" ? each.message : "",
    cancel: false,
  };
}
