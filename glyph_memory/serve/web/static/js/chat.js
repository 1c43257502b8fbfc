import { html } from "../vendor/standalone.module.js";
export const ChatView = () => html`<p>…</p>`;
