// The keys, as the table has them.

import { BINDINGS } from "../core/keys";
import { Dialog } from "../parts/feedback";

/** A key as people know it. */
export function shown(key: string): string {
  return key
    .replace("Arrow", "")
    .replace(/^[a-z]$/, (letter) => letter.toUpperCase())
    .replace(/\+([a-z])$/, (_, letter: string) => `+${letter.toUpperCase()}`);
}

export function Keys({ onClose }: { onClose: () => void }) {
  const all = Object.values(BINDINGS),
    groups = [...new Set(all.map(({ group }) => group))];
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <div class="keys">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {all
                .filter((each) => each.group === group)
                .map(({ does, keys }) => (
                  <div key={does}>
                    <dt>
                      {keys.map((key) => (
                        <kbd key={key}>{shown(key)}</kbd>
                      ))}
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <p class="quiet">
        The wheel zooms, pulling the background pans, Alt with a pull pans with every tool, Shift with a click
        selects more. A double click on a side of a polygon adds a point, one on a point removes it.
      </p>
    </Dialog>
  );
}
