// Who is signed in.

import { signal } from "@preact/signals";
import type { Person } from "./core/wire";
import { whenSignedOut } from "./net/api";
import * as hub from "./net/hub";

export type Session = { at: "unknown" } | { at: "out" } | { at: "in"; person: Person & { is_superuser: boolean } };
export const session = signal<Session>({ at: "unknown" });

whenSignedOut(() => (session.value = { at: "out" }));

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
