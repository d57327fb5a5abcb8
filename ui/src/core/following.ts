// Tracking: shapes are followed from frame to frame, one request after the other, until it is
// stopped, done, or nothing is left to follow.

import type { ShapeType } from "./wire";

export interface Followed {
  key: number;
  state: string;
}
export interface Answer {
  states: string[];
  shapes: ({ type: ShapeType; points: number[] } | null)[];
}

export type Following =
  | { at: "idle" }
  | { at: "starting"; frame: number; last: number; keys: number[] }
  | { at: "running"; frame: number; last: number; first: number; followed: Followed[] }
  | { at: "stopped"; frame: number; reason: "done" | "stopped" | "lost" | "failed"; problem: string };

export type FollowStep =
  | { type: "start"; frame: number; last: number; keys: number[] }
  | { type: "begun"; states: string[] }
  | { type: "found"; answer: Answer }
  | { type: "stop" }
  | { type: "failed"; problem: string };

/** A key frame that a shape gets; without points it is lost there. */
export interface Placed {
  key: number;
  frame: number;
  type?: ShapeType;
  points?: number[];
}

export function followed(state: Following, step: FollowStep): [Following, Placed[]] {
  if (step.type === "start")
    return [{ at: "starting", frame: step.frame, last: step.last, keys: step.keys }, []];
  if (state.at !== "starting" && state.at !== "running") return [state, []];
  switch (step.type) {
    case "begun": {
      if (state.at !== "starting") return [state, []];
      const all = state.keys.map((key, i) => ({ key, state: step.states[i]! }));
      return [
        { at: "running", frame: state.frame + 1, first: state.frame, last: state.last, followed: all },
        [],
      ];
    }
    case "found":
      return state.at === "running" ? advanced(state, step.answer) : [state, []];
    case "stop":
      return [{ at: "stopped", frame: state.frame, reason: "stopped", problem: "" }, []];
    case "failed":
      return [{ at: "stopped", frame: state.frame, reason: "failed", problem: step.problem }, []];
  }
}

function advanced(state: Extract<Following, { at: "running" }>, answer: Answer): [Following, Placed[]] {
  const { frame } = state;
  const placed = state.followed.map(({ key }, i): Placed => {
    const shape = answer.shapes[i];
    return shape ? { key, frame, type: shape.type, points: shape.points } : { key, frame };
  });
  const left = state.followed
    .map(({ key }, i) => ({ key, state: answer.states[i] ?? "" }))
    .filter((_, i) => answer.shapes[i]);
  if (!left.length) return [{ at: "stopped", frame, reason: "lost", problem: "" }, placed];
  if (frame >= state.last) return [{ at: "stopped", frame, reason: "done", problem: "" }, placed];
  return [{ ...state, frame: frame + 1, followed: left }, placed];
}
