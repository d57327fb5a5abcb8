import { useEffect, useState } from "preact/hooks";
import type { AccessToken } from "../core/wire";
import { ago } from "../core/words";
import { wordsOf } from "../net/api";
import * as hub from "../net/hub";
import { Command, Problem } from "../parts/feedback";
import { Icon } from "../parts/icons";

const LASTING = [
  { days: 30, name: "30 days" },
  { days: 90, name: "90 days" },
  { days: 365, name: "a year" },
  { days: 0, name: "no end" },
];

export function TokensPage() {
  const [all, setAll] = useState<AccessToken[]>([]),
    [fresh, setFresh] = useState<AccessToken | null>(null);
  const [name, setName] = useState(""),
    [writes, setWrites] = useState(true),
    [days, setDays] = useState(90),
    [problem, setProblem] = useState("");
  const failed = (error: unknown) => setProblem(wordsOf(error));
  const read = () => hub.tokens().then(setAll, failed);
  useEffect(() => void read(), []);
  const create = async (event: Event) => {
    event.preventDefault();
    const until = days ? new Date(Date.now() + days * 86400_000).toISOString() : null;
    try {
      setFresh(await hub.createToken(name.trim(), !writes, until));
      setName("");
      setProblem("");
      await read();
    } catch (error) {
      failed(error);
    }
  };
  return (
    <>
      <div class="heading">
        <h1>Access tokens</h1>
        <span class="quiet">For agents and scripts that work in your name</span>
      </div>
      <form class="panel row" onSubmit={(event) => void create(event)}>
        <input
          class="grow"
          aria-label="Name of the token"
          placeholder="What it is for, such as agent on the lab machine"
          required
          maxLength={64}
          value={name}
          onInput={(e) => setName(e.currentTarget.value)}
        />
        <label class="check">
          <input type="checkbox" checked={writes} onChange={(e) => setWrites(e.currentTarget.checked)} /> may
          change things
        </label>
        <label class="row">
          lasts{" "}
          <select value={days} onChange={(e) => setDays(Number(e.currentTarget.value))}>
            {LASTING.map((each) => (
              <option key={each.days} value={each.days}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
        <button class="primary">Create a token</button>
      </form>
      <Problem>{problem}</Problem>
      {fresh?.value && (
        <div class="panel fresh" role="status">
          <p>
            <strong>“{fresh.name}” is ready.</strong> Its value is shown only now. Paste this where the agent
            runs:
          </p>
          <Command text={`export CVAT_ACCESS_TOKEN=${fresh.value}`} />
          <Command
            text={`cvat-cli --server-host ${location.origin} function run-agent FUNCTION_ID --function-file your_function.py`}
          />
        </div>
      )}
      {all.length > 0 && (
        <table class="list">
          <thead>
            <tr>
              <th>Name</th>
              <th>May</th>
              <th>Created</th>
              <th>Last used</th>
              <th>Ends</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {all.map((token) => (
              <tr key={token.id}>
                <td>{token.name}</td>
                <td>{token.read_only ? "read" : "read and change"}</td>
                <td class="quiet">{ago(token.created_date, Date.now())}</td>
                <td class="quiet">
                  {token.last_used_date ? ago(token.last_used_date, Date.now()) : "never"}
                </td>
                <td class="quiet">{token.expiry_date ? token.expiry_date.slice(0, 10) : "never"}</td>
                <td>
                  <button
                    type="button"
                    class="plain tight"
                    aria-label={`Revoke ${token.name}`}
                    onClick={() => void hub.deleteToken(token.id).then(read, failed)}
                  >
                    <Icon name="trash" />
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
