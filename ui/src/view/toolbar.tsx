// The tools at the left: what the pointer does, the label that is drawn with.

import { BINDINGS, type Command } from "../core/keys";
import { Icon, type IconName } from "../parts/icons";
import { type Desk, take } from "./commands";
import { labelFor, labelsFor, typeOf } from "./editing";
import { shown } from "./keys-dialog";
import { Swatch } from "./objects";

const TOOLS = [
  "select",
  "rectangle",
  "polygon",
  "polyline",
  "points",
  "ellipse",
  "cuboid",
  "brush",
  "eraser",
  "skeleton",
] as const;

export function Toolbar({ desk }: { desk: Desk }) {
  const { bench, ai } = desk,
    current = bench.tool.value,
    type = typeOf(current),
    label = labelFor(bench, type ?? "mask") ?? bench.labels.value[0];
  const choices = type ? labelsFor(bench.labels.value, type) : bench.labels.value;
  return (
    <div class="toolbar" role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {TOOLS.filter((tool) => tool === "select" || labelsFor(bench.labels.value, typeOf(tool)!).length).map(
        (tool) => (
          <Button
            key={tool}
            icon={tool}
            command={tool}
            pressed={!ai.segmenting.value && current === tool}
            onClick={() => take(desk, tool)}
          />
        ),
      )}
      {labelsFor(bench.labels.value, "tag").length > 0 && (
        <Button icon="tag" command="tag" onClick={() => desk.editing.tag()} />
      )}
      <hr />
      <label class="pick" title="Label that is drawn with">
        <Swatch label={label} />
        <select
          aria-label="Label that is drawn with"
          value={label?.id ?? ""}
          onChange={(e) => (bench.chosenLabel.value = Number(e.currentTarget.value))}
        >
          {choices.map((each) => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class="plain tight"
        aria-pressed={bench.asTrack.value}
        aria-label="Draw tracks"
        title="Draw tracks instead of single shapes"
        onClick={() => (bench.asTrack.value = !bench.asTrack.value)}
      >
        <Icon name="track" />
      </button>
      <hr />
      <Button icon="fit" command="fit" onClick={() => desk.stage.fit()} />
    </div>
  );
}

function Button({
  icon,
  command,
  pressed,
  onClick,
}: {
  icon: IconName;
  command: Command;
  pressed?: boolean;
  onClick: () => void;
}) {
  const { does, keys } = BINDINGS[command];
  return (
    <button
      type="button"
      class="plain tight"
      aria-label={does}
      aria-pressed={pressed}
      title={`${does} (${shown(keys[0])})`}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
