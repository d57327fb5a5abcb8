import { useEffect, useState } from "preact/hooks";
import type { Page, Task } from "../core/wire";
import { ago, plural } from "../core/words";
import { wordsOf } from "../net/api";
import * as hub from "../net/hub";
import { Dialog, Problem } from "../parts/feedback";
import { Icon } from "../parts/icons";

const SIZE = 24;

export function TasksPage() {
  const [search, setSearch] = useState(""),
    [page, setPage] = useState(1);
  const [found, setFound] = useState<Page<Task> | null>(null),
    [problem, setProblem] = useState("");
  const [leaving, setLeaving] = useState<Task | null>(null),
    [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    const timer = setTimeout(
      () => {
        hub.tasks(page, search, SIZE).then(
          (tasks) => {
            if (current) {
              setFound(tasks);
              setProblem("");
            }
          },
          (error: unknown) => current && setProblem(wordsOf(error)),
        );
      },
      search ? 200 : 0,
    );
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [page, search, turn]);
  const pages = Math.max(1, Math.ceil((found?.count ?? 0) / SIZE));
  return (
    <>
      <div class="heading">
        <h1>Tasks</h1>
        <span class="quiet">{found ? plural(found.count, "task") : ""}</span>
        <label class="search">
          <Icon name="search" />
          <input
            type="search"
            placeholder="Search by name, owner, status…"
            aria-label="Search tasks"
            value={search}
            onInput={(e) => {
              setSearch(e.currentTarget.value);
              setPage(1);
            }}
          />
        </label>
        <a class="button primary" href="#/tasks/new">
          <Icon name="plus" /> New task
        </a>
      </div>
      <Problem>{problem}</Problem>
      {found && !found.results.length && <Nothing searched={search} />}
      <ul class="cards">
        {found?.results.map((task) => (
          <Card key={task.id} task={task} onDelete={() => setLeaving(task)} />
        ))}
      </ul>
      {pages > 1 && (
        <nav class="pager" aria-label="Pages of tasks">
          <button type="button" disabled={page <= 1} onClick={() => setPage(page - 1)}>
            <Icon name="previous" /> Previous
          </button>
          <span class="quiet">
            Page {page} of {pages}
          </span>
          <button type="button" disabled={page >= pages} onClick={() => setPage(page + 1)}>
            Next <Icon name="next" />
          </button>
        </nav>
      )}
      {leaving && (
        <Leaving
          task={leaving}
          onClose={() => {
            setLeaving(null);
            setTurn(turn + 1);
          }}
        />
      )}
    </>
  );
}

function Nothing({ searched }: { searched: string }) {
  return (
    <div class="empty">
      <p>{searched ? <>No task matches “{searched}”.</> : "There are no tasks yet."}</p>
      {!searched && (
        <a class="button primary" href="#/tasks/new">
          <Icon name="upload" /> Create one from photos or a video
        </a>
      )}
    </div>
  );
}

function Card({ task, onDelete }: { task: Task; onDelete: () => void }) {
  const { completed, count } = task.jobs;
  return (
    <li class="card">
      <a href={`#/tasks/${task.id}`} class="picture" tabIndex={-1} aria-hidden="true">
        {task.size ? (
          <img src={`/api/tasks/${task.id}/preview`} alt="" loading="lazy" />
        ) : (
          <span class="quiet">No data yet</span>
        )}
      </a>
      <div class="about">
        <a class="name" href={`#/tasks/${task.id}`}>
          {task.name}
        </a>
        <p class="quiet">
          <span>
            {task.size ? plural(task.size, task.mode === "interpolation" ? "frame" : "image") : "empty"}
          </span>{" "}
          · <span>{task.owner?.username ?? "nobody"}</span>
        </p>
        <p class="quiet foot">
          <span title="Last changed">{ago(task.updated_date, Date.now())}</span>
          <span class={`state ${task.status}`}>
            {count > 1 ? `${completed} of ${count} jobs` : task.status}
          </span>
        </p>
      </div>
      <button type="button" class="plain tight corner" aria-label={`Delete ${task.name}`} onClick={onDelete}>
        <Icon name="trash" />
      </button>
    </li>
  );
}

function Leaving({ task, onClose }: { task: Task; onClose: () => void }) {
  const [problem, setProblem] = useState("");
  const remove = () => hub.deleteTask(task.id).then(onClose, (error: unknown) => setProblem(wordsOf(error)));
  return (
    <Dialog title={`Delete “${task.name}”?`} onClose={onClose}>
      <p>Its {plural(task.size ?? 0, "frame")} and all annotations go with it. This cannot be undone.</p>
      <Problem>{problem}</Problem>
      <div class="row end">
        <button type="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="danger" onClick={() => void remove()}>
          Delete the task
        </button>
      </div>
    </Dialog>
  );
}
