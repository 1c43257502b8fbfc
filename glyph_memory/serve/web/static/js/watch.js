// The proxy's conversations as they go by: a list that moves, and one of them opened.
import { html, useEffect, useRef, useState } from "../vendor/standalone.module.js";
import { ask, stream } from "./api.js";
import { ShareChart, Swatch } from "./chart.js";
import { Conversation } from "./conversation.js";
import { cachedShare, count, moment, percent, times } from "./figures.js";
import { Announce, Empty, ErrorNote, Icon, IconButton } from "./parts.js";

const KEPT = 240;
/** How many of the last requests are kept for the charts. */

export function WatchView({ route, status }) {
  const { conversations, records, isLive, error } = useTraffic();
  if (route.id) {
    const newest = records.filter((record) => record.session === route.id);
    const turns = conversations?.find(({ session }) => session === route.id)?.turns ?? 0;
    if (!conversations && !error) return html`<div class="watch" aria-busy="true"></div>`;
    return html`<${Conversation} key=${route.id} route=${route} total=${turns} newest=${newest} isLive=${isLive} />`;
  }
  const folded = records.filter((record) => record.session);
  return html`<div class="watch">
    <header class="head"><h1>Conversations</h1><${Live} isLive=${isLive} /></header>
    <${ErrorNote} error=${error} />
    ${conversations && conversations.length === 0 ? html`<${Begin} status=${status} />` : html`
      ${folded.length > 1 && html`<section class="card">
        <h2>Prefix cache, last ${count(folded.length)} requests</h2><${ShareChart} requests=${folded} /></section>`}
      <${List} conversations=${conversations || []} records=${records} />`}
    <${Announce} text=${isLive ? "live" : "connecting"} />
  </div>`;
}

function Live({ isLive }) {
  return html`<p class=${`state here ${isLive ? "good" : ""}`}><span class="dot" />${isLive ? "live" : "connecting"}</p>`;
}

function Begin({ status }) {
  const [isCopied, setCopied] = useState(false);
  const hasModel = !status || status.has_upstream;
  const words = hasModel ? `${location.origin}/v1` : "glyph-memory serve --upstream http://127.0.0.1:8000/v1";
  const copy = () => navigator.clipboard.writeText(words).then(() => setCopied(true), () => {});
  return html`<${Empty} title="No conversation yet">
    <p>${hasModel
      ? "Give a client this address instead of its server’s. Its conversations then go by here."
      : "This server has no model behind it. Start it with one, and point a client at it:"}</p>
    <p class="address"><code>${words}</code><${IconButton} name="copy" label=${isCopied ? "Copied" : "Copy"} onClick=${copy} /></p>
    <${Announce} text=${isCopied ? "Copied" : ""} />
  <//>`;
}

function List({ conversations, records }) {
  return html`<div class="table" role="region" aria-label="Conversations" tabindex="0"><table>
    <thead><tr><th scope="col">Conversation</th><th scope="col" class="number extra">Turns</th><th scope="col" class="number">Pages</th>
      <th scope="col" class="number extra">As text</th><th scope="col" class="number">Sent</th><th scope="col" class="number">Fewer</th>
      <th scope="col" class="number">Cached</th><th scope="col" class="number extra">Generation</th><th scope="col" class="number extra">Last</th></tr></thead>
    <tbody>${conversations.map(({ session, parent, turns, updated, report }) => {
      const last = records.filter((record) => record.session === session);
      const share = last.length ? cachedShare(last[last.length - 1]) : null;
      const { context_tokens: sent, plain_tokens: plain, pages, generation, notes = [] } = report || {};
      return html`<tr key=${session}>
        <th scope="row"><a class="cut" href=${`#/watch/${encodeURIComponent(session)}`} title=${session}>${session}</a>
          ${parent && html`<span class="quiet cut" title=${parent}> from ${parent}</span>`}
          ${notes.length > 0 && html`<span class="warned" title=${notes.join("\n")}>
            <${Icon} name="warning" /><span class="unseen">has warnings</span></span>`}</th>
        <td class="number extra">${count(turns)}</td><td class="number">${count(pages)}</td><td class="number extra">${count(plain)}</td>
        <td class="number">${count(sent)}</td><td class="number">${times(plain / sent)}×</td>
        <td class="number"><${Swatch} share=${share} />${percent(share)}</td><td class="number extra">${count(generation)}</td>
        <td class="number quiet extra">${moment(updated)}</td></tr>`;
    })}</tbody></table></div>`;
}

/** All conversations and the last requests, followed; after a break the stream is taken up again. */
function useTraffic() {
  const [conversations, setConversations] = useState(null);
  const [records, setRecords] = useState([]);
  const [isLive, setLive] = useState(false);
  const [error, setError] = useState(null);
  const timer = useRef(0);
  useEffect(() => {
    const over = new AbortController();
    const list = () => ask("/conversations", { signal: over.signal }).then(
      (value) => {
        setConversations(value);
        setError(null);
      },
      (problem) => problem.name !== "AbortError" && setError(problem),
    );
    const take = (record) => {
      setRecords((before) => [...before, record].slice(-KEPT));
      if (!record.session || timer.current) return;
      timer.current = setTimeout(() => {
        timer.current = 0;
        list();
      }, 300);
    };
    const open = () => {
      setLive(true);
      list();
    };
    const follow = async () => {
      for (let pause = 500; !over.signal.aborted; pause = Math.min(2 * pause, 10_000)) {
        try {
          const events = stream("/events", { signal: over.signal, onOpen: open });
          for await (const { name, data } of events) {
            pause = 500;
            if (name === "record") take(data);
          }
        } catch (problem) {
          if (problem.name !== "AbortError" && !over.signal.aborted) setError(problem);
          if (problem.status === 401) return;
        }
        setLive(false);
        if (!over.signal.aborted) await new Promise((resolve) => { setTimeout(resolve, pause); });
      }
    };
    follow();
    return () => {
      over.abort();
      clearTimeout(timer.current);
    };
  }, []);
  return { conversations, records, isLive, error };
}
