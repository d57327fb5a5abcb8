// Small pictures, drawn in lines of one width in a box of 20.

const PATHS = {
  brand:
    "M3 7V4.5A1.5 1.5 0 0 1 4.5 3H7M13 3h2.5A1.5 1.5 0 0 1 17 4.5V7M17 13v2.5A1.5 1.5 0 0 1 15.5 17H13M7 17H4.5A1.5 1.5 0 0 1 3 15.5V13M10 8.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6",
  select: "M5 3l10.5 7-4.7 1L8.5 16z",
  rectangle: "M3.5 5h13v10h-13z",
  polygon: "M10 3l7 5.2-2.7 8.3H5.7L3 8.2z",
  polyline: "M3 15l4.5-8 4.5 5L17 4",
  points: "M5 6.5a1 1 0 1 0 .01 0M14 5a1 1 0 1 0 .01 0M10 13.5a1 1 0 1 0 .01 0",
  ellipse: "M10 5c4 0 7 2.2 7 5s-3 5-7 5-7-2.2-7-5 3-5 7-5z",
  cuboid: "M3 7h10v10H3zM7 3h10v10h-4M3 7l4-4M13 7l4-4M13 17l4-4",
  brush:
    "M16.5 3.5l-7 7M9.5 10.5c-2-.5-3.5.5-4 2.5-.3 1.5-1 2.3-2.5 2.8 3 1.5 7 .7 7.5-2.3.2-1.3-.2-2.5-1-3z",
  eraser: "M8 16.5h8.5M3.5 12.5l8-8.5 5 4.7-7.3 7.8H7z",
  skeleton: "M10 3.5a1.5 1.5 0 1 0 .01 0M10 6.5v5M10 8l-4.5 2M10 8l4.5 2M10 11.5L6.5 17M10 11.5L13.5 17",
  tag: "M3 3.5h6.5l7.5 7.5-6 6L3.5 9.5zM6.5 6.5h.01",
  segment: "M10 3v3M10 14v3M3 10h3M14 10h3M10 8.5a1.5 1.5 0 1 0 .01 0",
  detect: "M10 3l1.5 4.2L16 9l-4.5 1.5L10 15l-1.5-4.5L4 9l4.5-1.8zM15.5 13.5v4M13.5 15.5h4",
  undo: "M4 8h8a4 4 0 0 1 0 8H8M4 8l3.5-3.5M4 8l3.5 3.5",
  redo: "M16 8H8a4 4 0 0 0 0 8h4M16 8l-3.5-3.5M16 8l-3.5 3.5",
  play: "M6 4l10 6-10 6z",
  pause: "M7 4v12M13 4v12",
  next: "M7.5 4l6 6-6 6",
  previous: "M12.5 4l-6 6 6 6",
  first: "M14 4l-6 6 6 6M5.5 4v12",
  last: "M6 4l6 6-6 6M14.5 4v12",
  fit: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4",
  help: "M7.5 7.5c0-3 5-3 5 0 0 2-2.5 2-2.5 4M10 14.5h.01",
  close: "M5 5l10 10M15 5L5 15",
  check: "M4 10.5l4 4 8-9",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6",
  copy: "M7 7h9v9H7zM4 13V4h9",
  plus: "M10 4v12M4 10h12",
  eye: "M2.5 10C5 5.5 15 5.5 17.5 10 15 14.5 5 14.5 2.5 10zM10 8.3a1.7 1.7 0 1 0 .01 0",
  hidden: "M2.5 10C5 5.5 15 5.5 17.5 10 15 14.5 5 14.5 2.5 10zM4 16L16 4",
  review: "M3 5h9M3 10h5M3 15h4M10 13l3 3 5-6",
  track: "M3 13.5h3.5v3.5H3zM8 8.5h3.5V12H8zM13 3.5h3.5V7H13z",
  search: "M9 4a5 5 0 1 0 .01 0M13 13l4 4",
  upload: "M10 13V4M6 7.5L10 3.5l4 4M4 13v3h12v-3",
  back: "M16 10H4M8.5 5.5L4 10l4.5 4.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
