// Which label of a task is meant by each label of a function.

import type {
  AiFunction,
  AttributeSpec,
  FunctionAttribute,
  FunctionLabel,
  FunctionSublabel,
  Label,
} from "./wire";

export interface SubMapping {
  name: string;
  attributes?: Record<string, string>;
}
export interface LabelMapping extends SubMapping {
  sublabels?: Record<string, SubMapping>;
}
export type Mapping = Record<string, LabelMapping>;

/** Map by name; case, blanks, hyphens and underlines don't count if there is no closer one. */
export function suggested(fn: AiFunction, labels: readonly Label[]): Mapping {
  const mapping: Mapping = {};
  for (const label of fn.labels_v2 ?? []) {
    const to = nearest(
      label.name,
      labels.filter((each) => fits(label, each)),
    );
    if (to) mapping[label.name] = mapped(label, to);
  }
  return mapping;
}

/** Map a label of the function to one of the task, with the attributes and sublabels that match. */
export function mapped(from: FunctionLabel, to: Label): LabelMapping {
  const sublabels: Record<string, SubMapping> = {};
  for (const sub of from.sublabels) {
    const other = nearest(sub.name, to.sublabels);
    if (other) sublabels[sub.name] = { name: other.name, attributes: attributes(sub, other) };
  }
  return {
    name: to.name,
    attributes: attributes(from, to),
    ...(from.sublabels.length ? { sublabels } : {}),
  };
}

/** Whether annotations of a function's label can be those of a task's label. */
export function fits(from: FunctionLabel, to: Label): boolean {
  if (from.type === "skeleton" || to.type === "skeleton") return from.type === to.type;
  if (from.type === "any" || to.type === "any" || from.type === to.type) return true;
  // Masks can be asked for as polygons.
  return from.type === "mask" && to.type === "polygon";
}

function attributes(from: FunctionSublabel, to: Label): Record<string, string> {
  const found: Record<string, string> = {};
  for (const attribute of from.attributes) {
    const other = nearest(
      attribute.name,
      to.attributes.filter((each) => sameKind(attribute, each)),
    );
    if (other) found[attribute.name] = other.name;
  }
  return found;
}

function sameKind(from: FunctionAttribute, to: AttributeSpec): boolean {
  const chosen = (type: string) => type === "select" || type === "radio";
  return (
    from.input_type === to.input_type ||
    to.input_type === "text" ||
    (chosen(from.input_type) && chosen(to.input_type))
  );
}

function nearest<T extends { name: string }>(name: string, all: readonly T[]): T | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[\s_-]+/g, "");
  return all.find((each) => each.name === name) ?? all.find((each) => plain(each.name) === plain(name));
}
