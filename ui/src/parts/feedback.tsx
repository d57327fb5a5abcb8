// What every page shows alike: problems, progress, emptiness, dialogs.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";

export function Problem({ children }: { children: ComponentChildren }) {
  return children ? (
    <p class="problem" role="alert">
      {children}
    </p>
  ) : null;
}

export function Progress({ value, label }: { value: number; label: string }) {
  return <progress class="progress" max={100} value={value} aria-label={label} />;
}

/** A modal dialog of the browser, which keeps the focus and closes with Escape. */
export function Dialog({
  title,
  onClose,
  children,
  wide = false,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  wide?: boolean;
}) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current?.showModal(), []);
  return (
    <dialog
      ref={element}
      class={wide ? "dialog wide" : "dialog"}
      aria-label={title}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        if (event.target === element.current) element.current?.close();
      }}
    >
      <div class="inside">
        <header>
          <h2>{title}</h2>
          <button
            type="button"
            class="plain tight"
            aria-label="Close"
            onClick={() => element.current?.close()}
          >
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Text that is to be pasted somewhere, with a button that copies it. */
export function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    // Without a secure connection there is no clipboard; the text can be selected.
    void navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <div class="command">
      <code tabIndex={0}>{text}</code>
      <button type="button" class="plain tight" onClick={copy} aria-label="Copy">
        {copied ? <Icon name="check" /> : <Icon name="copy" />}
      </button>
    </div>
  );
}

/** Do something now and every so often, while the page is looked at. */
export function useEvery(seconds: number, action: () => void): void {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    latest.current();
    const timer = setInterval(() => document.hidden || latest.current(), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
}
