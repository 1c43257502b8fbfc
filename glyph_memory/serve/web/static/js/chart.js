// Two small charts in SVG: the cached share over time, and tokens sent beside the text's. Knows request records.
import { html, useRef, useState, useEffect } from "../vendor/standalone.module.js";
import { cachedShare, count, percent } from "./figures.js";

const HEIGHT = 120;
const PAD = { left: 48, right: 12, top: 10, bottom: 20 };

/** The width that there is, followed; charts are drawn in real pixels, so that their text is as large as other text. */
function useWidth() {
  const box = useRef(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}

function Plot({ label, most, ticks, requests, children }) {
  const [box, width] = useWidth();
  const inner = width - PAD.left - PAD.right;
  const x = (index) => PAD.left + (requests.length < 2 ? inner / 2 : (index * inner) / (requests.length - 1));
  const y = (value) => PAD.top + (1 - value / (most || 1)) * (HEIGHT - PAD.top - PAD.bottom);
  const isNew = (before, request) => before.session === request.session && before.generation !== request.generation;
  const begins = [...requests.keys()].filter((index) => index > 0 && isNew(requests[index - 1], requests[index]));
  return html`<div class="chart" ref=${box}>${width > 0 && html`<svg width=${width} height=${HEIGHT} role="img" aria-label=${label}>
    ${ticks.map(([value, text]) => html`<g key=${text}>
      <line class="grid" x1=${PAD.left} x2=${width - PAD.right} y1=${y(value)} y2=${y(value)} />
      <text x=${PAD.left - 8} y=${y(value) + 4} text-anchor="end">${text}</text></g>`)}
    ${begins.map((index) => html`<line key=${`b${index}`} class="generation" x1=${x(index)} x2=${x(index)} y1=${PAD.top} y2=${HEIGHT - PAD.bottom} />`)}
    ${children(x, y)}
    <text x=${PAD.left} y=${HEIGHT - 4}>first</text><text x=${width - PAD.right} y=${HEIGHT - 4} text-anchor="end">now</text>
  </svg>`}</div>`;
}

/** Which share of each prompt the server had in its cache. */
export function ShareChart({ requests }) {
  const shares = requests.map(cachedShare);
  const known = shares.filter((share) => share !== null);
  if (known.length === 0) {
    return html`<p class="quiet">The server does not say what it had in its cache.${" "}
      vLLM does with <code>--enable-prompt-tokens-details</code>.</p>`;
  }
  const cached = requests.reduce((sum, request, index) => sum + (shares[index] === null ? 0 : request.cached_tokens), 0);
  const asked = requests.reduce((sum, request, index) => sum + (shares[index] === null ? 0 : request.prompt_tokens), 0);
  const label = `Cached share of each prompt: ${percent(known[known.length - 1])} in the last, ${percent(cached / asked)} over all`;
  return html`<p class="legend"><span><span class="key line" />cached share, ${percent(cached / asked)} over all</span>
      <span><span class="key generation" />a new generation of pages</span></p>
    <${Plot} label=${label} most=${1} ticks=${[[0, "0 %"], [0.5, "50 %"], [1, "100 %"]]} requests=${requests}>
      ${(x, y) => html`<path class="line" d=${drawLine(shares, x, y)} />
        ${shares.length <= 40 && shares.map((share, index) => share !== null && html`
          <circle key=${index} class="point" cx=${x(index)} cy=${y(share)} r="2.5" />`)}`}
    <//>`;
}

/** Tokens of each prompt beside those of the whole conversation as text. */
export function TokenChart({ requests }) {
  const sent = requests.map((request) => request.prompt_tokens ?? request.sent_tokens);
  const plain = requests.map((request) => request.plain_tokens);
  const most = roundUp(Math.max(...sent, ...plain));
  const label = `Tokens of each prompt: ${count(sent[sent.length - 1])} in the last, ${count(plain[plain.length - 1])} as text`;
  return html`<p class="legend"><span><span class="key line" />prompt</span><span><span class="key" />the same as text</span></p>
    <${Plot} label=${label} most=${most} ticks=${[0, most / 2, most].map((tick) => [tick, shorten(tick)])} requests=${requests}>
      ${(x, y) => html`<path class="plain" d=${drawLine(plain, x, y)} /><path class="line" d=${drawLine(sent, x, y)} />`}
    <//>`;
}

/** A small bar for a share. */
export function Swatch({ share }) {
  return html`<span class="swatch" aria-hidden="true">${share !== null && html`<span style=${{ width: `${100 * share}%` }} />`}</span>`;
}

function drawLine(values, x, y) {
  let pen = "M";
  return values.map((value, index) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const piece = `${pen}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return piece;
  }).join("");
}

function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 10)));
  return Math.ceil((2 * value) / unit) * (unit / 2);
}

function shorten(value) {
  return value >= 1000 ? `${Number((value / 1000).toFixed(1))}k` : String(value);
}
