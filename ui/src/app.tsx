import { useEffect } from "preact/hooks";
import { FunctionsPage } from "./pages/functions";
import { NewTaskPage } from "./pages/new-task";
import { RequestsPage } from "./pages/requests";
import { SignIn } from "./pages/sign-in";
import { TasksPage } from "./pages/tasks";
import { TokensPage } from "./pages/tokens";
import { Icon } from "./parts/icons";
import { route } from "./route";
import { leave, recognize, session } from "./session";
import { Workbench } from "./view/workbench";

const PAGES = [
  { path: "tasks", name: "Tasks" },
  { path: "functions", name: "Functions" },
  { path: "requests", name: "Requests" },
  { path: "tokens", name: "Access tokens" },
];

export function App() {
  useEffect(() => void recognize(), []);
  const now = session.value,
    [page = "tasks", rest] = route.value;
  if (now.at === "unknown") return <main class="blank" aria-busy="true" />;
  if (now.at === "out") return <SignIn />;
  const isTask = page === "tasks" && rest !== undefined && rest !== "new";
  return (
    <>
      {now.at === "ended" && <SignIn again={now.person.username} />}
      {isTask ? (
        <Workbench key={rest} id={Number(rest)} />
      ) : (
        <Pages page={page} rest={rest} name={now.person.username} />
      )}
    </>
  );
}

function Pages({ page, rest, name: person }: { page: string; rest: string | undefined; name: string }) {
  return (
    <>
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" href="#/tasks">
          <Icon name="brand" /> CVAT Hub
        </a>
        <nav aria-label="Pages">
          {PAGES.map(({ path, name }) => (
            <a key={path} href={`#/${path}`} aria-current={page === path ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <div class="who">
          <span class="quiet">{person}</span>
          <button type="button" class="plain" onClick={() => void leave()}>
            Sign out
          </button>
        </div>
      </header>
      <main id="content" class="content" tabIndex={-1}>
        {pageOf(page, rest)}
      </main>
    </>
  );
}

function pageOf(page: string, rest: string | undefined) {
  if (page === "tasks") return rest === "new" ? <NewTaskPage /> : <TasksPage />;
  if (page === "functions") return <FunctionsPage />;
  if (page === "requests") return <RequestsPage />;
  if (page === "tokens") return <TokensPage />;
  return (
    <p class="empty">
      There is no such page. <a href="#/tasks">Go to the tasks</a>
    </p>
  );
}
