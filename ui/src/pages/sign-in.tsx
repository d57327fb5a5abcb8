import { useState } from "preact/hooks";
import { wordsOf } from "../net/api";
import * as hub from "../net/hub";
import { Problem } from "../parts/feedback";
import { Icon } from "../parts/icons";
import { recognize } from "../session";

export function SignIn() {
  const [name, setName] = useState(""), [password, setPassword] = useState("");
  const [problem, setProblem] = useState(""), [busy, setBusy] = useState(false);
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
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <h1><Icon name="brand" /> CVAT Hub</h1>
        <p class="quiet">Annotate with your own models.</p>
        <label>Name or e-mail address
          <input name="username" autocomplete="username" autofocus required value={name} onInput={(e) => setName(e.currentTarget.value)} />
        </label>
        <label>Password
          <input name="password" type="password" autocomplete="current-password" required value={password} onInput={(e) => setPassword(e.currentTarget.value)} />
        </label>
        <Problem>{problem}</Problem>
        <button class="primary" disabled={busy}>{busy ? "Signing in…" : "Sign in"}</button>
      </form>
    </main>
  );
}
