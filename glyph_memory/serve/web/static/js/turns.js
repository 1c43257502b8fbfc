// One turn as people read it, with a mark for where it stands: in the text, on a page, or gone from what is sent.
import { html, useState } from "../vendor/standalone.module.js";
import { Icon } from "./parts.js";

const LONG = 1200;
/** Characters from which a turn is shown in part. */

export function Turn({ turn, isMarked, onPage }) {
  const [isWhole, setWhole] = useState(false);
  const { anchor, role, text = "", place, page } = turn;
  const isLong = text.length > LONG && !isWhole;
  return html`<li class=${`turn ${role} on-${place} ${isMarked ? "marked" : ""}`} id=${anchor ? `turn-${anchor}` : null}>
    <p class="who"><b>${role}</b>${anchor != null && html`<span class="quiet">§${anchor}</span>`}
      ${turn.is_recalled && html`<span class="place recall"><${Icon} name="recall" />recalled</span>`}
      <${Place} place=${place} page=${page} onPage=${onPage} /></p>
    <p class="said">${isLong ? `${text.slice(0, LONG)}…` : text}</p>
    ${isLong && html`<button type="button" class="quiet-button" onClick=${() => setWhole(true)}>Show all of it</button>`}
  </li>`;
}

function Place({ place, page, onPage }) {
  if (place === "page") {
    const label = html`<${Icon} name="page" />${page == null ? "on a page" : `page ${page}`}`;
    return page != null && onPage
      ? html`<button type="button" class="place page-place" onClick=${() => onPage(page)}>${label}</button>`
      : html`<span class="place page-place">${label}</span>`;
  }
  if (place === "gone") return html`<span class="place"><${Icon} name="gone" />no longer sent</span>`;
  return html`<span class="place"><${Icon} name="text" />text</span>`;
}
