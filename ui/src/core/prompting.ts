// Click to segment: prompts are gathered, a model answers, the last answer that fits is shown.

import { type Box, boxOf, distance, type Point } from "./geometry";
import type { AiFunction, ShapeType } from "./wire";

export interface Found {
  type: ShapeType;
  points: number[];
  score?: number;
}
export interface Prompts {
  positive: Point[];
  negative: Point[];
  box: Box | null;
}

export interface Prompting {
  prompts: Prompts;
  /** Counts the prompts, so that an answer to earlier ones is told from one to these. */
  asked: number;
  answered: number;
  found: Found[];
  problem: string;
  pulling: { from: Point; to: Point } | null;
}

export type PromptStep =
  | { type: "down" | "move"; at: Point }
  | { type: "up"; at: Point; negative: boolean; near: number }
  | { type: "back" }
  | { type: "clear" }
  | { type: "answered"; asked: number; found: Found[] }
  | { type: "refused"; asked: number; problem: string };

export const NOTHING: Prompting = {
  prompts: { positive: [], negative: [], box: null },
  asked: 0,
  answered: 0,
  found: [],
  problem: "",
  pulling: null,
};

export function prompted(state: Prompting, step: PromptStep): Prompting {
  switch (step.type) {
    case "down":
      return { ...state, pulling: { from: step.at, to: step.at } };
    case "move":
      return state.pulling ? { ...state, pulling: { ...state.pulling, to: step.at } } : state;
    case "up":
      return state.pulling ? given({ ...state, pulling: null }, state.pulling.from, step) : state;
    case "back":
      return changed(state, withoutLast(state.prompts));
    case "clear":
      return { ...NOTHING, asked: state.asked + 1 };
    case "answered":
      return step.asked < state.answered || step.asked > state.asked || !any(state.prompts)
        ? state
        : { ...state, answered: step.asked, found: step.found, problem: "" };
    case "refused":
      return step.asked === state.asked ? { ...state, answered: step.asked, problem: step.problem } : state;
  }
}

function given(
  state: Prompting,
  from: Point,
  { at, negative, near }: { at: Point; negative: boolean; near: number },
): Prompting {
  const { prompts } = state;
  if (distance(from, at) > near) return changed(state, { ...prompts, box: boxOf(from, at) });
  return changed(
    state,
    negative
      ? { ...prompts, negative: [...prompts.negative, at] }
      : { ...prompts, positive: [...prompts.positive, at] },
  );
}

function changed(state: Prompting, prompts: Prompts): Prompting {
  return { ...state, prompts, asked: state.asked + 1, problem: "", found: any(prompts) ? state.found : [] };
}

function withoutLast(prompts: Prompts): Prompts {
  if (prompts.negative.length) return { ...prompts, negative: prompts.negative.slice(0, -1) };
  if (prompts.positive.length) return { ...prompts, positive: prompts.positive.slice(0, -1) };
  return { ...prompts, box: null };
}

function any({ positive, negative, box }: Prompts): boolean {
  return positive.length + negative.length > 0 || box !== null;
}

/** Say what a function still needs before it can be asked; nothing if it can. */
export function missing(fn: AiFunction, { positive, negative, box }: Prompts): string {
  const more = (need: number, have: number, noun: string) =>
    `${need - have} more ${noun} click${need - have > 1 ? "s" : ""}`;
  const needsBox = fn.startswith_box && !fn.startswith_box_optional;
  if (needsBox && !box) return "Pull a box around the object";
  const least = fn.min_pos_points ?? 1,
    against = fn.min_neg_points ?? -1;
  if (positive.length < least && !(box && fn.startswith_box)) return more(least, positive.length, "left");
  if (negative.length < against) return more(against, negative.length, "right");
  if (!positive.length && !box) return "Click on the object";
  return "";
}

/** Whether a function takes boxes, and clicks on what isn't the object. */
export function takes(fn: AiFunction): { box: boolean; negative: boolean } {
  return {
    box: Boolean(fn.startswith_box || fn.startswith_box_optional),
    negative: (fn.min_neg_points ?? -1) >= 0,
  };
}
