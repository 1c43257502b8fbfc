// Small parts that every view uses: icons, notes, fields, the announcer. They know nothing about the API.
import { html, useLayoutEffect, useRef } from "../vendor/standalone.module.js";

const PATHS = {
  upload: "M8 10.5V2.5M4.5 6 8 2.5 11.5 6M2.5 10.5v3h11v-3",
  file: "M4 1.5h5l3 3v10H4zM9 1.5v3h3",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 .8v1.6M8 13.6v1.6M.8 8h1.6M13.6 8h1.6M2.9 2.9l1.1 1.1M12 12l1.1 1.1M13.1 2.9 12 4M4 12l-1.1 1.1",
  moon: "M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3",
  send: "M2 8h11M8.5 3.5 13 8l-4.5 4.5",
  stop: "M4 4h8v8H4z",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  left: "M10 3 5 8l5 5",
  right: "M6 3l5 5-5 5",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.4 10.4l3.1 3.1",
  warning: "M8 2 1.5 13.5h13zM8 6.5v3.2M8 11.6v.2",
  key: "M5.5 6.5a3 3 0 1 0 0 5.9 3 3 0 0 0 0-5.9M7.6 7.4 13.5 2M11 4.2l2 2",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  text: "M2.5 4h11M2.5 8h11M2.5 12h7",
  page: "M3.5 1.5h9v13h-9zM6 5h4M6 8h4M6 11h2",
  recall: "M2.5 8a5.5 5.5 0 1 0 1.8-4M2.5 1.8V4.5h2.8M8 5v3.2l2 1.3",
  gone: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M4.2 4.2l7.6 7.6",
};

/** A drawing of 16 px in the text's colour; what it means stands beside it, or in the label of its button. */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}

/** A button that is an icon; its label is read and shown as a tip. */
export function IconButton({ name, label, ...rest }) {
  return html`<button type="button" class="icon-button" aria-label=${label} title=${label} ...${rest}><${Icon} name=${name} /></button>`;
}

/** An error, beside what caused it. */
export function ErrorNote({ error, id }) {
  if (!error) return null;
  return html`<p class="note error" role="alert" id=${id}><${Icon} name="warning" /><span>${String(error.message || error)}</span></p>`;
}

/** Something to know. */
export function Warning({ children }) {
  return html`<p class="note warning"><${Icon} name="warning" /><span>${children}</span></p>`;
}

/** Something goes on: how far it is, where that is known. */
export function Waiting({ progress }) {
  const place = progress && Math.min(progress.done + 1, progress.total);
  return html`<p class="working"><span class="spinner" aria-hidden="true" />
    ${progress ? `Reading page ${place} of ${progress.total}` : "Waiting for the model"}</p>`;
}

/** What to do where there is nothing yet. */
export function Empty({ title, children }) {
  return html`<div class="empty"><h2>${title}</h2>${children}</div>`;
}

/** A line that only screen readers see, said when it changes. */
export function Announce({ text }) {
  return html`<p class="unseen" role="status" aria-live="polite">${text}</p>`;
}

/** A dialog on top of the page. Escape and a click beside it close it; focus goes back to where it was. */
export function Dialog({ label, onClose, children, ...rest }) {
  const dialog = useRef(null);
  const close = useRef(onClose);
  close.current = onClose;
  useLayoutEffect(() => {
    const shown = dialog.current;
    const follow = () => close.current();
    shown.showModal();
    // Browsers close a dialog without asking where nobody did anything on the page since it opened.
    shown.addEventListener("close", follow);
    return () => {
      shown.removeEventListener("close", follow);
      shown.close();
    };
  }, []);
  const leave = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${dialog} aria-label=${label} onCancel=${leave}
    onClick=${(event) => event.target === dialog.current && onClose()} ...${rest}>${children}</dialog>`;
}

/** A number with steps that a thumb can press; the keyboard has the arrow keys. */
export function NumberField({ id, label, unit = "", value, start, least, most, step = 1, hint, error, onChange }) {
  const move = (by) => {
    const from = value === "" || value == null ? Number(start ?? least ?? 0) : Number(value);
    const next = Math.min(most ?? Infinity, Math.max(least ?? -Infinity, from + by));
    onChange(String(Number(next.toFixed(3))));
  };
  return html`<div class="field">
    <label for=${id}>${label}${unit && html` <span class="unit">${unit}</span>`}</label>
    <div class="stepper">
      <button type="button" tabindex="-1" aria-label=${`${label}: less`} onClick=${() => move(-step)}><${Icon} name="minus" /></button>
      <input id=${id} type="number" inputmode="decimal" min=${least} max=${most} step="any" value=${value ?? ""} placeholder=${hint}
        aria-invalid=${error ? "true" : null} aria-describedby=${error ? `${id}-error` : null}
        onInput=${(event) => onChange(event.target.value)}
        onKeyDown=${(event) => {
          if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
          event.preventDefault();
          move(event.key === "ArrowUp" ? step : -step);
        }} />
      <button type="button" tabindex="-1" aria-label=${`${label}: more`} onClick=${() => move(step)}><${Icon} name="plus" /></button>
    </div>
    <${ErrorNote} error=${error} id=${`${id}-error`} />
  </div>`;
}

/** One of several. */
export function ChoiceField({ id, label, value, choices, hint, error, onChange }) {
  return html`<div class="field wide">
    <label for=${id}>${label}</label>
    <select id=${id} value=${value} aria-invalid=${error ? "true" : null}
      aria-describedby=${error ? `${id}-error` : hint ? `${id}-hint` : null} onChange=${(event) => onChange(event.target.value)}>
      ${choices.map((choice) => html`<option key=${choice.value} value=${choice.value} selected=${choice.value === value}>
        ${choice.label}</option>`)}
    </select>
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    <${ErrorNote} error=${error} id=${`${id}-error`} />
  </div>`;
}

/** One button that begins something and, while it goes on, stops it; so the focus stays. A double click does it once. */
export function GoButton({ name, isBusy, onGo, onStop }) {
  const press = (event) => event.detail < 2 && (isBusy ? onStop() : onGo());
  return html`<button type="button" class=${`button ${isBusy ? "" : "accent"}`} onClick=${press}>
    ${isBusy ? html`<${Icon} name="stop" />Stop` : html`${name} <kbd>Ctrl Enter</kbd>`}</button>`;
}

/** Keep a list that grows at its end, unless someone scrolled away from it; give the result to the list. */
export function useEnd(...changes) {
  const list = useRef(null);
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (list.current && isAtEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, changes);
  const onScroll = ({ target }) => {
    isAtEnd.current = target.scrollHeight - target.scrollTop - target.clientHeight < 32;
  };
  return { list, isAtEnd, onScroll };
}

/** On or off. */
export function SwitchField({ id, label, value, onChange }) {
  return html`<label class="switch" for=${id}>
    <input id=${id} type="checkbox" role="switch" checked=${value} onChange=${(event) => onChange(event.target.checked)} />
    <span>${label}</span>
  </label>`;
}
