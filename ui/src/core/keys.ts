// Keys and what they do: one table, which the page obeys and shows.

export interface Binding {
  keys: string[];
  does: string;
  group: "Frames" | "Tools" | "Editing" | "View" | "AI tools" | "Review";
}

export const BINDINGS = {
  next: { keys: ["f", "ArrowRight"], does: "Next frame", group: "Frames" },
  previous: { keys: ["d", "ArrowLeft"], does: "Previous frame", group: "Frames" },
  forward: { keys: ["v", "PageDown"], does: "10 frames on", group: "Frames" },
  backward: { keys: ["c", "PageUp"], does: "10 frames back", group: "Frames" },
  first: { keys: ["Home"], does: "First frame", group: "Frames" },
  last: { keys: ["End"], does: "Last frame", group: "Frames" },
  play: { keys: ["Space"], does: "Play or pause", group: "Frames" },
  select: { keys: ["s"], does: "Select and move", group: "Tools" },
  rectangle: { keys: ["r"], does: "Rectangle", group: "Tools" },
  polygon: { keys: ["p"], does: "Polygon", group: "Tools" },
  polyline: { keys: ["l"], does: "Polyline", group: "Tools" },
  points: { keys: ["o"], does: "Points", group: "Tools" },
  ellipse: { keys: ["e"], does: "Ellipse", group: "Tools" },
  cuboid: { keys: ["u"], does: "Cuboid", group: "Tools" },
  brush: { keys: ["b"], does: "Mask brush", group: "Tools" },
  eraser: { keys: ["x"], does: "Mask eraser", group: "Tools" },
  skeleton: { keys: ["k"], does: "Skeleton", group: "Tools" },
  tag: { keys: ["t"], does: "Tag this frame", group: "Tools" },
  thinner: { keys: ["["], does: "Smaller brush", group: "Tools" },
  thicker: { keys: ["]"], does: "Larger brush", group: "Tools" },
  finish: { keys: ["Enter"], does: "Finish or accept", group: "Editing" },
  cancel: { keys: ["Escape"], does: "Cancel, or select nothing", group: "Editing" },
  remove: { keys: ["Delete", "Backspace"], does: "Delete; last point while drawing", group: "Editing" },
  undo: { keys: ["Ctrl+z"], does: "Undo", group: "Editing" },
  redo: { keys: ["Ctrl+Shift+z", "Ctrl+y"], does: "Redo", group: "Editing" },
  copy: { keys: ["Ctrl+b"], does: "Copy to the next frame", group: "Editing" },
  track: { keys: ["Shift+t"], does: "Make the shape a track", group: "Editing" },
  end: { keys: ["q"], does: "End the track here", group: "Editing" },
  following: { keys: ["Tab"], does: "Select the next object", group: "Editing" },
  preceding: { keys: ["Shift+Tab"], does: "Select the previous object", group: "Editing" },
  left: { keys: ["Alt+ArrowLeft"], does: "Move the object left", group: "Editing" },
  right: { keys: ["Alt+ArrowRight"], does: "Move the object right", group: "Editing" },
  up: { keys: ["Alt+ArrowUp"], does: "Move the object up", group: "Editing" },
  down: { keys: ["Alt+ArrowDown"], does: "Move the object down", group: "Editing" },
  fit: { keys: ["0"], does: "Whole image", group: "View" },
  actual: { keys: ["1"], does: "One pixel for each pixel", group: "View" },
  larger: { keys: ["+", "="], does: "Zoom in", group: "View" },
  smaller: { keys: ["-"], does: "Zoom out", group: "View" },
  hide: { keys: ["h"], does: "Hide or show annotations", group: "View" },
  help: { keys: ["?"], does: "Show these keys", group: "View" },
  detect: { keys: ["g"], does: "Detect on this frame", group: "AI tools" },
  segment: { keys: ["w"], does: "Click to segment", group: "AI tools" },
  review: { keys: ["m"], does: "Review mode on or off", group: "Review" },
  accept: { keys: ["a"], does: "Accept, and go to the next", group: "Review" },
  reject: { keys: ["z"], does: "Reject, and go to the next", group: "Review" },
  skip: { keys: ["n"], does: "Skip to the next", group: "Review" },
} as const satisfies Record<string, Binding>;

export type Command = keyof typeof BINDINGS;

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** The name of a pressed key as the table has it: `f`, `Ctrl+z`, `Shift+Tab`, `?`. */
export function nameOf({ key, ctrlKey, metaKey, altKey, shiftKey }: Press): string {
  const plain = key === " " ? "Space" : key.length === 1 ? key.toLowerCase() : key;
  // Whoever types a sign such as `?` may need Shift for it.
  const isSign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  return `${ctrlKey || metaKey ? "Ctrl+" : ""}${altKey ? "Alt+" : ""}${shiftKey && !isSign && key !== " " ? "Shift+" : ""}${plain}`;
}

const COMMANDS = new Map<string, Command>(
  Object.entries(BINDINGS).flatMap(([command, { keys }]) =>
    keys.map((key) => [key, command as Command] as const),
  ),
);

export function commandOf(press: Press): Command | undefined {
  return COMMANDS.get(nameOf(press));
}
