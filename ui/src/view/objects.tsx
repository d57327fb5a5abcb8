// The list of what is on the frame, filters, and what is known of the selected object.

import { useState } from "preact/hooks";
import type { Filter } from "../core/looking";
import { EVERYTHING, isOpen, scoreOf } from "../core/looking";
import type { AttributeSpec, Label } from "../core/wire";
import { plural } from "../core/words";
import { Icon } from "../parts/icons";
import { Windowed } from "../parts/windowed";
import type { Bench, Item } from "./bench";
import { type Editing, labelsFor } from "./editing";
import type { Stage } from "./stage";

interface Props {
  bench: Bench;
  editing: Editing;
  stage: Stage;
}

export function Objects({ bench, editing, stage }: Props) {
  const items = bench.items.value,
    { only } = bench;
  const index = items.findIndex((item) => bench.selected.value.has(item.key));
  return (
    <>
      <Filters bench={bench} />
      <p class="count quiet">{plural(items.length, "object")} on this frame</p>
      <Windowed
        items={items}
        height={32}
        label="Objects on this frame"
        current={index}
        row={(item) => <Row key={item.key} item={item} bench={bench} editing={editing} stage={stage} />}
      />
      {only && !only.suggested && <Inspector item={only} bench={bench} editing={editing} />}
    </>
  );
}

export function Swatch({ label }: { label: Label | undefined }) {
  return <span class="swatch" style={{ background: label?.color ?? "#888" }} aria-hidden="true" />;
}

export function kindOf({ annotation, outline }: Item): string {
  if (annotation.kind === "tags") return "tag";
  return annotation.kind === "tracks" ? `${outline?.type ?? ""} track` : (outline?.type ?? "");
}

export function Score({ value }: { value: number }) {
  return value < 1 ? (
    <span class={value < 0.5 ? "score low" : "score"}>{Math.round(value * 100)} %</span>
  ) : null;
}

function Row({ item, bench, editing, stage }: Props & { item: Item }) {
  const label = bench.label(item.annotation.value.label_id),
    isSelected = bench.selected.value.has(item.key);
  const choose = (event: MouseEvent) => {
    const all = event.shiftKey || event.ctrlKey ? [...bench.selected.value, item.key] : [item.key];
    bench.select(...all);
    if (item.outline) stage.reveal(item.outline);
  };
  return (
    <div
      class={isSelected ? "object selected" : "object"}
      onMouseEnter={() => (bench.pointed.value = item.key)}
      onMouseLeave={() => (bench.pointed.value = null)}
    >
      <button type="button" class="name" aria-pressed={isSelected} onClick={choose}>
        <Swatch label={label} />
        <span class="clip">{label?.name ?? "?"}</span>
        <span class="quiet">{item.suggested ? "suggested" : kindOf(item)}</span>
        <Score value={scoreOf(item.annotation)} />
      </button>
      {item.suggested && (
        <button
          type="button"
          class="plain tight"
          aria-label={`Accept ${label?.name}`}
          onClick={() => editing.accept([item.key])}
        >
          <Icon name="check" />
        </button>
      )}
      <button
        type="button"
        class="plain tight"
        aria-label={`Delete ${label?.name}`}
        onClick={() => editing.remove([item.key])}
      >
        <Icon name="trash" />
      </button>
    </div>
  );
}

function Filters({ bench }: { bench: Bench }) {
  const filter = bench.filter.value,
    change = (part: Partial<Filter>) => (bench.filter.value = { ...filter, ...part });
  const toggle = (id: number) => {
    const hidden = new Set(filter.hiddenLabels);
    if (!hidden.delete(id)) hidden.add(id);
    change({ hiddenLabels: hidden });
  };
  return (
    <details class="filters" open={!isOpen(filter) || undefined}>
      <summary>
        Filter{" "}
        {!isOpen(filter) && (
          <button
            type="button"
            class="link"
            onClick={(event) => {
              event.preventDefault();
              bench.filter.value = EVERYTHING;
            }}
          >
            show all
          </button>
        )}
      </summary>
      <div class="chips" role="group" aria-label="Labels that are shown">
        {bench.labels.value.map((label) => (
          <button
            key={label.id}
            type="button"
            class="chip"
            aria-pressed={!filter.hiddenLabels.has(label.id)}
            onClick={() => toggle(label.id)}
          >
            <Swatch label={label} />
            {label.name}
          </button>
        ))}
      </div>
      <label class="row">
        Source
        <select
          class="grow"
          value={filter.source}
          onChange={(e) => change({ source: e.currentTarget.value as Filter["source"] })}
        >
          <option value="all">by hand and by models</option>
          <option value="manual">by hand</option>
          <option value="auto">by models</option>
        </select>
      </label>
      <label class="row">
        Score from{" "}
        <input
          class="grow"
          type="range"
          min={0}
          max={100}
          value={Math.round(filter.least * 100)}
          onInput={(e) => change({ least: Number(e.currentTarget.value) / 100 })}
        />
        <output>{Math.round(filter.least * 100)} %</output>
      </label>
      <label class="row">
        Score to{" "}
        <input
          class="grow"
          type="range"
          min={0}
          max={100}
          value={Math.round(filter.most * 100)}
          onInput={(e) => change({ most: Number(e.currentTarget.value) / 100 })}
        />
        <output>{Math.round(filter.most * 100)} %</output>
      </label>
    </details>
  );
}

function Inspector({ item, bench, editing }: { item: Item; bench: Bench; editing: Editing }) {
  const { annotation, key } = item,
    label = bench.label(annotation.value.label_id),
    type = annotation.kind === "tags" ? "tag" : (item.outline?.type ?? "rectangle");
  const position =
    annotation.kind === "tracks"
      ? annotation.value.shapes.find((each) => each.frame === bench.frame.value)
      : undefined;
  const values = new Map(
    [...annotation.value.attributes, ...(position?.attributes ?? [])].map((each) => [
      each.spec_id,
      each.value,
    ]),
  );
  const score = scoreOf(annotation),
    occluded = item.outline !== null && "occluded" in item.outline && Boolean(item.outline.occluded);
  return (
    <section class="inspector" aria-label="Selected object">
      <label class="row">
        <Swatch label={label} />
        <select
          class="grow"
          aria-label="Label"
          value={annotation.value.label_id}
          onChange={(e) => editing.relabel([key], bench.label(Number(e.currentTarget.value))!)}
        >
          {labelsFor(bench.labels.value, type).map((each) => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
        </select>
      </label>
      {label?.attributes.map((spec) => (
        <Attribute
          key={spec.id}
          spec={spec}
          value={values.get(spec.id) ?? spec.default_value}
          onChange={(value) => editing.setAttribute(key, spec, value)}
        />
      ))}
      {annotation.kind !== "tags" && (
        <label class="check">
          <input
            type="checkbox"
            checked={occluded}
            onChange={(e) => editing.setOccluded(key, e.currentTarget.checked)}
          />{" "}
          partly hidden
        </label>
      )}
      <p class="quiet">
        {kindOf(item)}, {annotation.value.source ?? "manual"}
        {score < 1 ? `, ${Math.round(score * 100)} % sure` : ""}
        {position ? ", key frame" : ""}
      </p>
      <div class="row wrap">
        {annotation.kind === "tracks" ? (
          <>
            <button type="button" onClick={() => editing.endTracks([key])} title="Q">
              End here
            </button>
            {position && annotation.value.shapes.length > 1 && (
              <button type="button" onClick={() => editing.removeKey(key)}>
                Remove key frame
              </button>
            )}
          </>
        ) : (
          <>
            <Copies onCopy={(count) => editing.copyOn(count)} />
            {annotation.kind === "shapes" && type !== "mask" && (
              <button type="button" onClick={() => editing.toTracks([key])} title="Shift+T">
                <Icon name="track" /> Make a track
              </button>
            )}
          </>
        )}
      </div>
    </section>
  );
}

function Copies({ onCopy }: { onCopy: (count: number) => void }) {
  const [count, setCount] = useState(1);
  return (
    <span class="row">
      <button type="button" onClick={() => onCopy(count)} title="Ctrl+B copies to the next frame">
        <Icon name="copy" /> To next
      </button>
      <input
        class="few"
        type="number"
        aria-label="How many frames"
        min={1}
        max={1000}
        value={count}
        onInput={(e) => setCount(Math.max(1, Number(e.currentTarget.value) || 1))}
      />
    </span>
  );
}

function Attribute({
  spec,
  value,
  onChange,
}: {
  spec: AttributeSpec;
  value: string;
  onChange: (value: string) => void;
}) {
  const set = (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value);
  if (spec.input_type === "checkbox")
    return (
      <label class="check">
        <input
          type="checkbox"
          checked={value === "true"}
          onChange={(e) => onChange(String(e.currentTarget.checked))}
        />{" "}
        {spec.name}
      </label>
    );
  const [least, most, step] = spec.values;
  return (
    <label class="row">
      <span class="grow clip">{spec.name}</span>
      {spec.input_type === "select" || spec.input_type === "radio" ? (
        <select value={value} onChange={set}>
          {spec.values.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      ) : spec.input_type === "number" ? (
        <input type="number" min={least} max={most} step={step} value={value} onChange={set} />
      ) : (
        <input value={value} onChange={set} />
      )}
    </label>
  );
}
