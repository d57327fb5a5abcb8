import { useState } from "preact/hooks";
import { wordsOf } from "../net/api";
import * as hub from "../net/hub";
import { Problem } from "../parts/feedback";
import { Icon } from "../parts/icons";
import { recognize } from "../session";

/** `again` names who was here, and finds all as it was behind the form. */
export function SignIn({ again = "" }: { again?: string }) {
  const [name, setName] = useState(again),
    [password, setPassword] = useState("");
  const [problem, setProblem] = useState(""),
    [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      await hub.signIn(name, password);
      await recognize();
    } catch (error) {
      setProblem(wordsOf(error));
      setBusy(false);
    }
  };
  return (
    <main class={again ? "sign-in again" : "sign-in"}>
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          <Icon name="brand" /> CVAT Hub
        </h1>
        <p class="quiet">
          {again
            ? "You were signed out. Sign in again to go on where you were."
            : "Annotate with your own models."}
        </p>
        <label>
          Name or e-mail address
          <input
            name="username"
            autocomplete="username"
            autofocus={!again}
            required
            value={name}
            onInput={(e) => setName(e.currentTarget.value)}
          />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            autocomplete="current-password"
            autofocus={Boolean(again)}
            required
            value={password}
            onInput={(e) => setPassword(e.currentTarget.value)}
          />
        </label>
        <Problem>{problem}</Problem>
        <button class="primary" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
