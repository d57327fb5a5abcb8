// A long list of which only those rows exist that are seen; each is as high as the others.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface Props<T> {
  items: readonly T[];
  height: number;
  label: string;
  row: (item: T, index: number) => ComponentChildren;
  current?: number;
}

export function Windowed<T>({ items, height, label, row, current = -1 }: Props<T>) {
  const box = useRef<HTMLDivElement>(null),
    [top, setTop] = useState(0),
    [seen, setSeen] = useState(600);
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setSeen(entry!.contentRect.height));
    watcher.observe(box.current!);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    const element = box.current!;
    if (current < 0) return;
    if (current * height < element.scrollTop) element.scrollTop = current * height;
    else if ((current + 1) * height > element.scrollTop + element.clientHeight)
      element.scrollTop = (current + 1) * height - element.clientHeight;
  }, [current]);
  const first = Math.max(0, Math.floor(top / height) - 4),
    last = Math.min(items.length, Math.ceil((top + seen) / height) + 4);
  return (
    <div ref={box} class="windowed" onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      <ul aria-label={label} style={{ height: `${items.length * height}px` }}>
        {items.slice(first, last).map((item, i) => (
          <li
            key={first + i}
            aria-setsize={items.length}
            aria-posinset={first + i + 1}
            style={{ top: `${(first + i) * height}px`, height: `${height}px` }}
          >
            {row(item, first + i)}
          </li>
        ))}
      </ul>
    </div>
  );
}
