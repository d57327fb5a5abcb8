import { type DraftAttribute, type DraftLabel, INPUT_TYPES, LABEL_TYPES, newLabel } from "../core/labels";
import type { InputType, LabelType } from "../core/wire";
import { Icon } from "../parts/icons";

interface Props {
  labels: DraftLabel[];
  onChange: (labels: DraftLabel[]) => void;
}

const HINTS: Record<InputType, string> = {
  select: "red, blue, green",
  radio: "day, night",
  checkbox: "",
  number: "0, 10, 1",
  text: "",
};

export function LabelEditor({ labels, onChange }: Props) {
  const replace = (index: number, label: DraftLabel | null) =>
    onChange(labels.flatMap((each, i) => (i === index ? (label ?? []) : each)));
  return (
    <div class="labels">
      {labels.map((label, i) => (
        <Row key={i} label={label} number={i + 1} onChange={(next) => replace(i, next)} />
      ))}
      <button type="button" onClick={() => onChange([...labels, newLabel(labels.length)])}>
        <Icon name="plus" /> Add a label
      </button>
    </div>
  );
}

function Row({
  label,
  number,
  onChange,
}: {
  label: DraftLabel;
  number: number;
  onChange: (label: DraftLabel | null) => void;
}) {
  const change = (part: Partial<DraftLabel>) => onChange({ ...label, ...part });
  const attribute = (index: number, next: DraftAttribute | null) =>
    change({ attributes: label.attributes.flatMap((each, i) => (i === index ? (next ?? []) : each)) });
  return (
    <fieldset class="label-row">
      <legend class="unseen">Label {number}</legend>
      <div class="row">
        <input
          type="color"
          aria-label="Colour"
          value={label.color}
          onInput={(e) => change({ color: e.currentTarget.value })}
        />
        <input
          class="grow"
          aria-label="Name of the label"
          placeholder="Name, such as car"
          value={label.name}
          onInput={(e) => change({ name: e.currentTarget.value })}
        />
        <select
          aria-label="Type"
          value={label.type}
          onChange={(e) => change({ type: e.currentTarget.value as LabelType })}
        >
          {LABEL_TYPES.map((type) => (
            <option key={type} value={type}>
              {type === "any" ? "any shape" : type}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="plain"
          onClick={() =>
            change({
              attributes: [
                ...label.attributes,
                { name: "", input_type: "select", values: "", mutable: false },
              ],
            })
          }
        >
          <Icon name="plus" /> Attribute
        </button>
        <button
          type="button"
          class="plain tight"
          aria-label={`Remove label ${label.name || number}`}
          onClick={() => onChange(null)}
        >
          <Icon name="trash" />
        </button>
      </div>
      {label.type === "skeleton" && (
        <input
          class="indent"
          aria-label="Points of the skeleton"
          placeholder="Its points, with commas: head, left hand, right hand"
          value={label.points}
          onInput={(e) => change({ points: e.currentTarget.value })}
        />
      )}
      {label.attributes.map((each, i) => (
        <div class="row indent" key={i}>
          <input
            aria-label="Name of the attribute"
            placeholder="Attribute"
            value={each.name}
            onInput={(e) => attribute(i, { ...each, name: e.currentTarget.value })}
          />
          <select
            aria-label="Input"
            value={each.input_type}
            onChange={(e) => attribute(i, { ...each, input_type: e.currentTarget.value as InputType })}
          >
            {INPUT_TYPES.map((type) => (
              <option key={type}>{type}</option>
            ))}
          </select>
          <input
            class="grow"
            aria-label="Values"
            disabled={!HINTS[each.input_type]}
            placeholder={HINTS[each.input_type]}
            value={each.values}
            onInput={(e) => attribute(i, { ...each, values: e.currentTarget.value })}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={each.mutable}
              onChange={(e) => attribute(i, { ...each, mutable: e.currentTarget.checked })}
            />{" "}
            changes along a track
          </label>
          <button
            type="button"
            class="plain tight"
            aria-label={`Remove attribute ${each.name || i + 1}`}
            onClick={() => attribute(i, null)}
          >
            <Icon name="trash" />
          </button>
        </div>
      ))}
    </fieldset>
  );
}
