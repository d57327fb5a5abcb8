// Masks as grids of text, so that a test shows what it means.

import { type Bitmap, decode } from "../../src/core/mask";

export function bitmap(...rows: string[]): Bitmap {
  const width = rows[0]!.length;
  return {
    left: 0,
    top: 0,
    width,
    height: rows.length,
    pixels: Uint8Array.from(rows.join("").replaceAll(".", "0").replaceAll("#", "1"), Number),
  };
}

export function grid(points: readonly number[]): string[] {
  const { width, height, pixels } = decode(points);
  return Array.from({ length: height }, (_, y) =>
    Array.from(pixels.subarray(y * width, (y + 1) * width), (v) => (v ? "#" : ".")).join(""),
  );
}
