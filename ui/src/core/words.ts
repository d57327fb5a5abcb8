// Numbers, dates and errors, in words.

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** How long a thing that is so far (0 to 100) after so many seconds may still take. */
export function left(progress: number, seconds: number): string {
  if (progress < 2 || seconds < 2) return "";
  return `about ${duration((seconds * (100 - progress)) / progress)} left`;
}

export function ago(date: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(date)) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${plural(Math.floor(seconds / 60), "minute")} ago`;
  if (seconds < 86400) return `${plural(Math.floor(seconds / 3600), "hour")} ago`;
  return `${plural(Math.floor(seconds / 86400), "day")} ago`;
}

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count,
    unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(unit && value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** What a refusal of the hub says: `{"detail": ...}`, messages by field, or a list of them. */
export function problem(body: unknown, place = ""): string {
  if (typeof body === "string") return place ? `${place}: ${body}` : body;
  if (Array.isArray(body)) {
    const found = body.map((each, i) =>
      problem(each, typeof each === "string" ? place : `${place} ${i + 1}`.trim()),
    );
    return found.filter(Boolean).join("; ");
  }
  if (typeof body === "object" && body !== null) {
    if ("detail" in body && typeof body.detail === "string") return body.detail;
    const parts = Object.entries(body).map(([name, each]) =>
      problem(each, name === "non_field_errors" ? place : `${place} ${name}`.trim()),
    );
    return parts.filter(Boolean).join("; ");
  }
  return "";
}
