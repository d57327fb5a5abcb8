// The calls that this page makes, each once.

import type { Answer } from "../core/following";
import type { Found, Prompts } from "../core/prompting";
import type { Mapping } from "../core/mapping";
import type { Request } from "../core/saving";
import type {
  AccessToken,
  AiFunction,
  AttributeValue,
  BackgroundRequest,
  DataMeta,
  FunctionRequest,
  Label,
  LabeledData,
  Page,
  Person,
  Shape,
  ShapeType,
  Tag,
  Task,
} from "../core/wire";
import { call } from "./api";

export const signIn = (username: string, password: string) =>
  call("POST", "auth/login", { username, password });
export const signOut = () => call("POST", "auth/logout");
export const whoAmI = () => call<Person & { is_superuser: boolean }>("GET", "users/self");

export const tasks = (page: number, search: string, size = 24) =>
  call<Page<Task>>("GET", `tasks?page=${page}&page_size=${size}&search=${encodeURIComponent(search)}`);
export const task = (id: number) => call<Task>("GET", `tasks/${id}`);
export const createTask = (name: string, labels: unknown[]) => call<Task>("POST", "tasks", { name, labels });
export const deleteTask = (id: number) => call("DELETE", `tasks/${id}`);
export const meta = (id: number) => call<DataMeta>("GET", `tasks/${id}/data/meta`);
export const background = (id: string) =>
  call<BackgroundRequest>("GET", `requests/${encodeURIComponent(id)}`);
export const backgrounds = () => call<Page<BackgroundRequest>>("GET", "requests?page_size=50");

export async function labels(id: number): Promise<Label[]> {
  const found: Label[] = [];
  for (let page = 1; ; page++) {
    const { results, next } = await call<Page<Label>>(
      "GET",
      `labels?task_id=${id}&page=${page}&page_size=100`,
    );
    found.push(...results);
    if (!next) return found;
  }
}

export const annotations = (id: number) => call<LabeledData>("GET", `tasks/${id}/annotations/`);
export const save = (id: number, { action, body, name }: Request) =>
  call<LabeledData>(
    "PATCH",
    `tasks/${id}/annotations/?action=${action}`,
    body,
    action === "create" ? { headers: { "X-Idempotency-Key": name } } : {},
  );

export const functions = () => all<AiFunction>("functions");
export const functionOf = (id: number) => call<AiFunction>("GET", `functions/${id}`);
/** Functions with how they are served, which only single ones tell. */
export const functionsServed = async () =>
  Promise.all((await functions()).map((each) => functionOf(each.id)));
export const deleteFunction = (id: number) => call("DELETE", `functions/${id}`);

export interface DetectOptions {
  mapping: Mapping;
  threshold: number | null;
  conv_mask_to_poly: boolean;
}
export const detect = (
  id: number,
  task: number,
  frame: number,
  options: DetectOptions,
  signal: AbortSignal,
) =>
  call<{ tags?: Tag[]; shapes?: Shape[] }>(
    "POST",
    `lambda/functions/${id}`,
    { type: "annotate_frame", task, frame, ...options },
    { signal },
  );
export const annotateTask = (id: number, task: number, options: DetectOptions & { cleanup: boolean }) =>
  call<FunctionRequest>("POST", "lambda/requests", { type: "annotate_task", function: id, task, ...options });
export const requests = () => call<FunctionRequest[]>("GET", "lambda/requests");
export const request = (id: string) => call<FunctionRequest>("GET", `lambda/requests/${id}`);
export const cancel = (id: string) => call("DELETE", `lambda/requests/${id}`);

export async function interact(
  id: number,
  task: number,
  frame: number,
  { positive, negative, box }: Prompts,
  signal: AbortSignal,
): Promise<Found[]> {
  const point = ({ x, y }: { x: number; y: number }) => [x, y];
  const { shapes } = await call<{
    shapes: { type: ShapeType; points: number[]; attributes?: AttributeValue[] }[];
  }>(
    "POST",
    `lambda/functions/${id}`,
    {
      type: "interact",
      task,
      frame,
      pos_points: positive.map(point),
      neg_points: negative.map(point),
      obj_bbox: box
        ? [
            [box.left, box.top],
            [box.right, box.bottom],
          ]
        : [],
    },
    { signal },
  );
  return shapes.map(({ type, points, attributes }) => {
    const sure = attributes?.find((each) => each.spec_id === 0)?.value;
    return { type, points, ...(sure !== undefined && { score: Number(sure) }) };
  });
}

export const startTracking = (
  id: number,
  task: number,
  frame: number,
  shapes: { type: ShapeType; points: number[] }[],
  signal: AbortSignal,
) =>
  call<{ states: string[] }>(
    "POST",
    `lambda/functions/${id}`,
    { type: "init_tracking", task, frame, shapes },
    { signal },
  );
export const track = (id: number, task: number, frame: number, states: string[], signal: AbortSignal) =>
  call<Answer>("POST", `lambda/functions/${id}`, { type: "track", task, frame, states }, { signal });

export const tokens = () => all<AccessToken>("auth/access_tokens");
export const createToken = (name: string, read_only: boolean, expiry_date: string | null) =>
  call<AccessToken>("POST", "auth/access_tokens", { name, read_only, expiry_date });
export const deleteToken = (id: number) => call("DELETE", `auth/access_tokens/${id}`);

async function all<T>(path: string): Promise<T[]> {
  const found: T[] = [];
  for (let page = 1; ; page++) {
    const { results, next } = await call<Page<T>>("GET", `${path}?page=${page}&page_size=100`);
    found.push(...results);
    if (!next) return found;
  }
}
