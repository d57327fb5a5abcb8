// Where in the page somebody is: what stands behind the `#` of its address.

import { signal } from "@preact/signals";

export const route = signal(read());
addEventListener("hashchange", () => (route.value = read()));

function read(): string[] {
  return location.hash.replace(/^#\/?/, "").split("?")[0]!.split("/").filter(Boolean);
}

export function go(path: string): void {
  location.hash = `/${path}`;
}

/** A number behind the `?`, such as the frame. */
export function parameter(name: string): number | null {
  const value = new URLSearchParams(location.hash.split("?")[1] ?? "").get(name);
  return value !== null && /^\d{1,9}$/.test(value) ? Number(value) : null;
}

/** Change what stands behind the `?` without a step in the history. */
export function note(path: string): void {
  history.replaceState(null, "", `#/${path}`);
}
