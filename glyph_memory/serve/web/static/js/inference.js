// How a model is asked: which one, and what it draws its words by. Kept for the tab; shared by documents and chat.
import { html, useState } from "../vendor/standalone.module.js";
import { load, store } from "./api.js";
import { ChoiceField, NumberField } from "./parts.js";

const PLACE = "glyph.sampling";
const FIELDS = [
  { name: "temperature", label: "Temperature", least: 0, most: 2, step: 0.1, start: 0.7 },
  { name: "top_p", label: "Top-p", least: 0.05, most: 1, step: 0.05, start: 1 },
  { name: "max_tokens", label: "Most tokens", least: 1, step: 64, start: 448 },
];

const NANO = { id: "nano", label: "nano reader (no server)" };

/** Return the models of all upstreams, the ones that take images first. */
export function listModels(status) {
  const all = (status?.upstreams || []).flatMap((upstream) => upstream.models || []);
  return [...all].sort((a, b) => Number(b.takes_images !== false) - Number(a.takes_images !== false));
}

/** Return who can be asked: where there is an upstream, the nano reader as well. */
function listReaders(status) {
  return status?.has_upstream ? [...listModels(status), NANO] : [];
}

/** Return who is asked: the one that was chosen, else the first. */
export function chosenModel(status) {
  const readers = listReaders(status);
  return readers.find(({ id }) => id === load(sessionStorage, PLACE, {}).model) || readers[0] || null;
}

/** Return what was chosen as the API takes it, or what is wrong with it. */
export function readSampling(status) {
  const kept = load(sessionStorage, PLACE, {});
  const model = chosenModel(status);
  const sampling = model ? { model: model.id } : {};
  for (const { name, label, least, most = Infinity } of FIELDS) {
    const text = String(kept[name] ?? "").trim();
    if (!text) continue;
    const number = Number(text);
    if (!(number >= least && number <= most)) {
      const range = most === Infinity ? `at least ${least}` : `from ${least} to ${most}`;
      return { sampling, problem: Object.assign(new Error(`${label} is ${range}.`), { field: name }) };
    }
    sampling[name] = number;
  }
  return { sampling, problem: null };
}

/** The fields, folded away until they are wanted. */
export function Sampling({ status, error, onModel }) {
  const [kept, setKept] = useState(load(sessionStorage, PLACE, {}));
  const change = (name) => (value) => {
    const next = { ...kept, [name]: value };
    setKept(next);
    store(sessionStorage, PLACE, next);
  };
  const readers = listReaders(status);
  const model = chosenModel(status);
  const choose = (id) => {
    change("model")(id);
    onModel?.();
  };
  return html`<details class="options" open=${Boolean(error)}>
    <summary>${model?.label || model?.id || "nano reader"}<span class="quiet"> · options</span></summary>
    ${readers.length > 0
      ? html`<${ChoiceField} id="model" label="Model" value=${model.id} choices=${readers.map(({ id, label }) => ({ value: id, label: label || id }))}
          hint=${describe(model)} error=${error?.field === "model" ? error : null} onChange=${choose} />`
      : html`<p class="hint">The small reader that comes with the package answers.${" "}
          Start with <code>--upstream</code> to ask a model of your own.</p>`}
    <div class="numbers">${FIELDS.map(({ name, ...field }) => html`<${NumberField} key=${name} id=${name} ...${field} hint="default"
      value=${kept[name] ?? ""} error=${error?.field === name ? error : null} onChange=${change(name)} />`)}</div>
  </details>`;
}

function describe(model) {
  if (!model) return "";
  const window = model.window_tokens && `${Math.round(model.window_tokens / 1024)}k window`;
  const parts = [model.profile, window, model.takes_images === false && "takes text only"];
  return parts.filter(Boolean).join(" · ");
}
