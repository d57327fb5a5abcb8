// Labels as they are edited, before the hub has them.

import type { InputType, LabelType } from "./wire";

export interface DraftAttribute {
  name: string;
  input_type: InputType;
  values: string;
  mutable: boolean;
}
export interface DraftLabel {
  name: string;
  color: string;
  type: LabelType;
  attributes: DraftAttribute[];
  points: string;
}

export const LABEL_TYPES: LabelType[] = [
  "any",
  "rectangle",
  "polygon",
  "polyline",
  "points",
  "ellipse",
  "cuboid",
  "mask",
  "skeleton",
  "tag",
];
export const INPUT_TYPES: InputType[] = ["select", "radio", "checkbox", "number", "text"];
export const COLORS = [
  "#e0574f",
  "#2f8fd8",
  "#3fa66a",
  "#d99a1c",
  "#8a63d2",
  "#1aa6a6",
  "#d65db1",
  "#7a8b1f",
  "#5b72e8",
  "#c8713a",
];

export function newLabel(index: number): DraftLabel {
  return { name: "", color: COLORS[index % COLORS.length]!, type: "any", attributes: [], points: "" };
}

/** What is wrong with labels, in words; nothing if nothing is. */
export function wrong(labels: readonly DraftLabel[]): string {
  const names = labels.map(({ name }) => name.trim());
  if (!labels.length) return "A task needs at least one label.";
  if (names.some((name) => !name)) return "Every label needs a name.";
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) return `There are two labels of the name “${twice}”.`;
  for (const { name, type, points, attributes } of labels) {
    if (type === "skeleton" && list(points).length < 2)
      return `The skeleton “${name}” needs the names of two points or more.`;
    for (const each of attributes) {
      if (!each.name.trim()) return `Every attribute of “${name}” needs a name.`;
      const count = list(each.values).length;
      if ((each.input_type === "select" || each.input_type === "radio") && !count)
        return `“${name}”, “${each.name}”: give the values to choose from.`;
      if (
        each.input_type === "number" &&
        (count !== 3 || list(each.values).some((v) => !Number.isFinite(Number(v))))
      )
        return `“${name}”, “${each.name}”: give least, most and step, as in 0, 10, 1.`;
    }
  }
  return "";
}

/** Labels as the hub takes them. */
export function sent(labels: readonly DraftLabel[]): object[] {
  return labels.map(({ name, color, type, attributes, points }) => ({
    name: name.trim(),
    color,
    type,
    attributes: attributes.map((each) => ({
      name: each.name.trim(),
      input_type: each.input_type,
      mutable: each.mutable,
      values: each.input_type === "checkbox" || each.input_type === "text" ? [] : list(each.values),
    })),
    ...(type === "skeleton" && { sublabels: list(points).map((point) => ({ name: point, type: "points" })) }),
  }));
}

/** Parts between commas. */
export function list(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}
