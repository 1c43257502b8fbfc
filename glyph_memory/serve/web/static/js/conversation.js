// One conversation of the proxy: what its requests cost, its pages, its turns, what to be warned of.
import { html, useEffect, useRef, useState } from "../vendor/standalone.module.js";
import { ApiError, ask } from "./api.js";
import { ShareChart, TokenChart } from "./chart.js";
import { Report } from "./chat.js";
import { cachedShare, count, moment, percent } from "./figures.js";
import { PageDialog, PageGrid } from "./pages.js";
import { ErrorNote, Icon, useEnd, Warning } from "./parts.js";
import { go, leave } from "./routes.js";
import { Turn } from "./turns.js";

const STEP = 50;
/** Turns that are shown first, the last ones; and how many more a click brings. */
const MOST = 500;
/** Turns that the server tells at a time. */
const PAUSE_MS = 300;
/** Requests that follow each other within this are looked at together. */
const SHOWN = 20;
/** Requests in the table, the last ones. */

export function Conversation({ route, total, newest, isLive }) {
  const session = route.id;
  const path = `/conversations/${encodeURIComponent(session)}`;
  const [shown, setShown] = useState(null);
  const [error, setError] = useState(null);
  const last = newest[newest.length - 1];

  const end = useEnd(shown?.turn_count);
  const begin = useRef(Math.max(0, total - STEP));
  const show = (signal) => ask(`${path}?after=${begin.current}&limit=${MOST}`, { signal }).then(
    (value) => {
      setShown(value);
      setError(null);
      if (value.turns.length < MOST) return;
      begin.current = value.turns[MOST - STEP].anchor;
      show(signal);
    },
    (problem) => {
      if (problem.name === "AbortError") return;
      setError(problem.status === 404 ? new ApiError("There is no such conversation here.") : problem);
    },
  );

  useEffect(() => {
    const over = new AbortController();
    const timer = setTimeout(() => show(over.signal), shown ? PAUSE_MS : 0);
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [session, last?.time_s]);
  const earlier = () => {
    begin.current = Math.max(0, begin.current - STEP);
    show();
  };

  if (!shown) {
    return html`<div class="watch"><${ErrorNote} error=${error} />
      <p><a class="button" href="#/watch"><${Icon} name="left" />All conversations</a></p></div>`;
  }
  const requests = join(shown.requests, newest);
  const warnings = [...new Set([...(shown.report?.notes || []), ...requests.flatMap((request) => request.notes || [])])];
  const { page } = route.query;
  const open = (number) => go({ ...route, query: { page: String(number) } }, { replace: page !== undefined });
  return html`<div class="watch">
    <header class="head"><a class="icon-button" href="#/watch" aria-label="All conversations"><${Icon} name="left" /></a>
      <h1 title=${session}>${session}</h1><${Report} report=${shown.report} />
      <p class=${`state here ${isLive ? "good" : ""}`}><span class="dot" />${isLive ? "live" : "connecting"}</p></header>
    ${shown.parent && html`<p class="quiet">Parted from <a href=${`#/watch/${encodeURIComponent(shown.parent)}`}>${shown.parent}</a></p>`}
    <${ErrorNote} error=${error} />
    ${warnings.map((note) => html`<${Warning} key=${note}>${note}<//>`)}
    ${requests.length > 0 && html`<div class="charts">
      <section class="card"><h2>Tokens</h2><${TokenChart} requests=${requests} /></section>
      <section class="card"><h2>Prefix cache</h2><${ShareChart} requests=${requests} /></section>
    </div>`}
    <div class="halves">
      <section class="card"><h2>Turns</h2>
        ${begin.current > 0 && html`<p><button type="button" class="button small" onClick=${earlier}>Earlier turns</button>
          <span class="quiet"> ${count(shown.turns.length)} of ${count(shown.turn_count)}</span></p>`}
        <ol class="turns" ref=${end.list} onScroll=${end.onScroll} tabindex="0" aria-label="Turns">
          ${shown.turns.map((turn) => html`<${Turn} key=${turn.anchor} turn=${turn} onPage=${open} />`)}</ol>
      </section>
      <div class="stack">
        <section class="card"><h2>Pages</h2>
          ${shown.pages.length
            ? html`<${PageGrid} pages=${shown.pages} onOpen=${open} note=${() => null} />`
            : html`<p class="quiet">None yet: all turns are sent as text.</p>`}
        </section>
        <section class="card"><h2>Last requests</h2><${Requests} requests=${requests.slice(-SHOWN).reverse()} /></section>
      </div>
    </div>
    ${page && html`<${PageDialog} pages=${shown.pages} number=${Number(page)} onTurn=${open}
      onClose=${() => leave({ ...route, query: {} })} />`}
  </div>`;
}

function Requests({ requests }) {
  if (requests.length === 0) return html`<p class="quiet">None since this server began.</p>`;
  return html`<div class="table bare" role="region" aria-label="Last requests" tabindex="0"><table>
    <thead><tr><th scope="col">Time</th><th scope="col" class="number">Status</th><th scope="col" class="number">Prompt</th>
      <th scope="col" class="number">Cached</th><th scope="col" class="number">Written</th><th scope="col" class="number">Recalls</th>
      <th scope="col" class="number">Own</th></tr></thead>
    <tbody>${requests.map((request) => html`<tr key=${request.time_s}><td>${moment(request.time_s)}</td>
      <td class=${`number ${request.status >= 400 ? "bad" : ""}`}>${request.status}</td>
      <td class="number">${count(request.prompt_tokens ?? request.sent_tokens)}</td><td class="number">${percent(cachedShare(request))}</td>
      <td class="number">${count(request.answer_tokens)}</td><td class="number">${count(request.recalls)}</td>
      <td class="number quiet">${Math.round(request.own_s * 1000)} ms</td></tr>`)}</tbody></table></div>`;
}

/** Return the requests that are kept, and the newer ones that went by since. */
function join(kept, newest) {
  const times = new Set(kept.map((request) => request.time_s));
  return [...kept, ...newest.filter((request) => !times.has(request.time_s))];
}
