// Requests to the hub, by the session cookie. What it refuses is told in its own words.

import { problem } from "../core/words";

export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: unknown = null,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 401 || this.status === 429 || this.status >= 500;
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
const STATUS: Record<number, string> = {
  0: "The hub cannot be reached. Is it running?",
  401: "You are signed out.",
  403: "You may not do this.",
  404: "This is not there, or not for you.",
  413: "This is too large for the hub.",
};

let signedOut: () => void = () => undefined;
/** Say what happens when the hub no longer knows who is here. */
export function whenSignedOut(action: () => void): void {
  signedOut = action;
}

export function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";
}

export async function call<T>(
  method: Method,
  path: string,
  body?: unknown,
  options: { signal?: AbortSignal; headers?: Record<string, string> } = {},
): Promise<T> {
  const response = await send(method, path, body, options);
  const text = await response.text();
  const found: unknown = text ? parsed(text) : null;
  if (response.ok) return found as T;
  if (response.status === 401) signedOut();
  throw refusal(response.status, found);
}

export function refusal(status: number, body: unknown): Refused {
  return new Refused(
    status,
    problem(body) || STATUS[status] || `The hub answered with an error (${status}).`,
    body,
  );
}

async function send(
  method: Method,
  path: string,
  body: unknown,
  { signal, headers }: { signal?: AbortSignal; headers?: Record<string, string> },
): Promise<Response> {
  const sent: Record<string, string> = { Accept: "application/vnd.cvat+json", ...headers };
  if (method !== "GET") sent["X-CSRFToken"] = csrfToken();
  if (body !== undefined) sent["Content-Type"] = "application/json";
  try {
    return await fetch(`/api/${path}`, {
      method,
      headers: sent,
      credentials: "same-origin",
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(0, STATUS[0]!);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
