import { useRef, useState } from "preact/hooks";
import { type DraftLabel, newLabel, sent, wrong } from "../core/labels";
import { bytes, plural } from "../core/words";
import { wordsOf } from "../net/api";
import * as hub from "../net/hub";
import { upload } from "../net/uploading";
import { Problem, Progress } from "../parts/feedback";
import { Icon } from "../parts/icons";
import { go } from "../route";
import { LabelEditor } from "./label-editor";

type Stage =
  { at: "asking" } | { at: "sending"; sent: number; total: number } | { at: "preparing"; progress: number };

export function NewTaskPage() {
  const [name, setName] = useState(""),
    [files, setFiles] = useState<File[]>([]);
  const [labels, setLabels] = useState<DraftLabel[]>([newLabel(0)]);
  const [stage, setStage] = useState<Stage>({ at: "asking" }),
    [problem, setProblem] = useState("");
  const stop = useRef<AbortController | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    const found =
      (name.trim() ? "" : "The task needs a name.") ||
      wrong(labels) ||
      (files.length ? "" : "Choose photos, an archive or a video.");
    setProblem(found);
    if (found) return;
    stop.current = new AbortController();
    try {
      await create(name.trim(), labels, files, setStage, stop.current.signal);
    } catch (error) {
      setProblem(stop.current.signal.aborted ? "Stopped. Nothing was created." : wordsOf(error));
      setStage({ at: "asking" });
    }
  };
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return (
    <form class="new-task" onSubmit={(event) => void submit(event)} noValidate>
      <div class="heading">
        <h1>New task</h1>
      </div>
      <label>
        Name{" "}
        <input
          name="name"
          value={name}
          autofocus
          placeholder="Street scenes, week 12"
          onInput={(e) => setName(e.currentTarget.value)}
        />
      </label>
      <h2>Labels</h2>
      <LabelEditor labels={labels} onChange={setLabels} />
      <h2>Photos or a video</h2>
      <Drop onFiles={(more) => setFiles([...files, ...more])} />
      {files.length > 0 && (
        <p class="row">
          <span>
            {plural(files.length, "file")}, {bytes(size)}
          </span>
          <span class="quiet grow clip">
            {files
              .slice(0, 4)
              .map((file) => file.name)
              .join(", ")}
            {files.length > 4 ? ", …" : ""}
          </span>
          <button type="button" class="plain" onClick={() => setFiles([])}>
            Remove all
          </button>
        </p>
      )}
      <Problem>{problem}</Problem>
      {stage.at === "asking" ? (
        <div class="row end">
          <a class="button" href="#/tasks">
            Cancel
          </a>
          <button class="primary">Create the task</button>
        </div>
      ) : (
        <Busy stage={stage} onStop={() => stop.current?.abort()} />
      )}
    </form>
  );
}

async function create(
  name: string,
  labels: readonly DraftLabel[],
  files: readonly File[],
  tell: (stage: Stage) => void,
  signal: AbortSignal,
): Promise<void> {
  tell({ at: "sending", sent: 0, total: 1 });
  const { id } = await hub.createTask(name, sent(labels));
  try {
    const request = await upload(
      id,
      files,
      (done, total) => tell({ at: "sending", sent: done, total }),
      signal,
    );
    for (;;) {
      const { status, message, progress } = await hub.background(request);
      if (status === "finished") break;
      if (status === "failed") throw new Error(message || "The files could not be made into frames.");
      if (signal.aborted) throw new DOMException("stopped", "AbortError");
      tell({ at: "preparing", progress: 100 * (progress ?? 0) });
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  } catch (error) {
    // A task without frames is of no use to anybody.
    await hub.deleteTask(id).catch(() => undefined);
    throw error;
  }
  go(`tasks/${id}`);
}

function Busy({ stage, onStop }: { stage: Exclude<Stage, { at: "asking" }>; onStop: () => void }) {
  const part = stage.at === "sending" ? (100 * stage.sent) / Math.max(1, stage.total) : stage.progress;
  const words =
    stage.at === "sending"
      ? `Sending: ${bytes(stage.sent)} of ${bytes(stage.total)}`
      : "Preparing the frames…";
  return (
    <div class="busy" role="status">
      <div class="row">
        <span class="grow">{words}</span>
        <span class="quiet">{Math.round(part)} %</span>
        <button type="button" onClick={onStop}>
          Stop
        </button>
      </div>
      <Progress value={part} label={words} />
    </div>
  );
}

function Drop({ onFiles }: { onFiles: (files: File[]) => void }) {
  const [over, setOver] = useState(false),
    input = useRef<HTMLInputElement>(null);
  return (
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <Icon name="upload" />
      <p>
        Drop photos, a zip or a video here, or{" "}
        <button type="button" class="link" onClick={() => input.current?.click()}>
          choose files
        </button>
      </p>
      <input
        ref={input}
        class="unseen"
        type="file"
        multiple
        aria-label="Files"
        tabIndex={-1}
        onChange={(e) => {
          onFiles([...(e.currentTarget.files ?? [])]);
          e.currentTarget.value = "";
        }}
      />
    </div>
  );
}
