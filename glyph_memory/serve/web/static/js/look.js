// The form of how pages look. Knows the fields that the API lists; keeps what differs from the defaults.
import { html } from "../vendor/standalone.module.js";
import { ChoiceField, NumberField, SwitchField } from "./parts.js";

const WORDS = {
  preset: ["Style"], profile: ["Model that reads"], font_pt: ["Letters", "pt"], line_height_pt: ["Line height", "pt"],
  dpi: ["Resolution", "dpi"], columns: ["Columns"], dense: ["Marks for line breaks"], syntax_colors: ["Colour code"],
  dark: ["Dark pages"], page_width_pt: ["Width", "pt"], page_height_pt: ["Height", "pt"],
};
const STEPS = { dpi: 12, page_width_pt: 28, page_height_pt: 28, font_pt: 0.5, line_height_pt: 0.5 };
const PLAIN = ["auto", "glyph", ""];
/** Styles whose own values are the defaults that the API tells. */

/** Return the fields of the form: the look's, and the profile of the model that reads. */
export function readFields({ presets, fields, profiles }) {
  const choices = {
    preset: presets,
    profile: [{ name: "", label: "the one that answers" }, ...profiles.map((name) => ({ name }))],
  };
  return [...fields, { name: "profile", type: "choice", default: "" }].map((field) => {
    const [label = field.name, unit = ""] = WORDS[field.name] || [];
    return { ...field, label, unit, step: STEPS[field.name] ?? 1, choices: choices[field.name], isSwitch: field.type === "boolean" };
  });
}

/** Return the look that an address' query says: JSON for the API. */
export function readLook(fields, query) {
  const look = {};
  for (const field of fields) {
    const text = query[field.name];
    if (text === undefined || field.name === "profile") continue;
    if (field.isSwitch) look[field.name] = text === "1";
    else look[field.name] = field.choices || text === "" || !Number.isFinite(Number(text)) ? text : Number(text);
  }
  return look;
}

/** The form; a change is told as the name and the text for the address, empty where it is the default. */
export function LookForm({ fields, query, error, onChange }) {
  const control = (field) => {
    const id = `look-${field.name}`;
    const wrong = error?.field === field.name ? error : null;
    if (field.isSwitch) {
      const value = query[field.name] === undefined ? Boolean(field.default) : query[field.name] === "1";
      return html`<${SwitchField} key=${id} id=${id} label=${field.label} value=${value}
        onChange=${(on) => onChange(field.name, on === Boolean(field.default) ? "" : on ? "1" : "0")} />`;
    }
    const value = query[field.name] ?? field.default ?? "";
    if (field.choices) {
      const chosen = field.choices.find((choice) => choice.name === value);
      const choices = field.choices.map((choice) => ({ value: choice.name, label: choice.label || choice.name }));
      return html`<${ChoiceField} key=${id} id=${id} label=${field.label} value=${value} choices=${choices}
        hint=${chosen?.looks} error=${wrong}
        onChange=${(name) => onChange(field.name, name === field.default ? "" : name)} />`;
    }
    return html`<${NumberField} key=${id} id=${id} label=${field.label} unit=${field.unit} value=${query[field.name] ?? ""}
      hint=${PLAIN.includes(query.preset ?? "") && field.default != null ? String(field.default) : "default"} start=${field.default ?? field.least}
      least=${field.least} most=${field.most} step=${field.step} error=${wrong} onChange=${(text) => onChange(field.name, text)} />`;
  };
  const choices = fields.filter((field) => field.choices);
  const numbers = fields.filter((field) => !field.choices && !field.isSwitch);
  const switches = fields.filter((field) => field.isSwitch);
  return html`<form class="look" noValidate onSubmit=${(event) => event.preventDefault()}>
    ${choices.map(control)}
    <div class="numbers">${numbers.map(control)}</div>
    ${switches.map(control)}
  </form>`;
}
