import { html } from "../vendor/standalone.module.js";
export const WatchView = () => html`<p>…</p>`;
