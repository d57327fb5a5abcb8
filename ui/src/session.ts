// Who is signed in.

import { signal } from "@preact/signals";
import type { Person } from "./core/wire";
import { whenSignedOut } from "./net/api";
import * as hub from "./net/hub";

type Known = Person & { is_superuser: boolean };
/** `ended`: who was here has to sign in again, and finds all as it was. */
export type Session =
  { at: "unknown" } | { at: "out" } | { at: "in"; person: Known } | { at: "ended"; person: Known };
export const session = signal<Session>({ at: "unknown" });

whenSignedOut(() => {
  const now = session.value;
  session.value = now.at === "in" || now.at === "ended" ? { at: "ended", person: now.person } : { at: "out" };
});

export async function recognize(): Promise<void> {
  try {
    session.value = { at: "in", person: await hub.whoAmI() };
  } catch {
    session.value = { at: "out" };
  }
}

export async function leave(): Promise<void> {
  await hub.signOut().catch(() => undefined);
  session.value = { at: "out" };
}
