// A conversation that remembers: its turns with where each stands, its pages beside them, and what was recalled.
import { html, useCallback, useEffect, useLayoutEffect, useRef, useState } from "../vendor/standalone.module.js";
import { ApiError, ask, load, store, stream } from "./api.js";
import { Chats } from "./chat_list.js";
import { count, counted, times } from "./figures.js";
import { readSampling, Sampling } from "./inference.js";
import { PageDialog, PageGrid } from "./pages.js";
import { describeUsage } from "./question.js";
import { Announce, Empty, ErrorNote, GoButton, Icon, useEnd, Waiting, Warning } from "./parts.js";
import { go, leave } from "./routes.js";
import { Turn } from "./turns.js";

const STORING_MS = 400;
/** How long the server may take to store what was said when an answer is stopped. */
const FIELDS = ["temperature", "top_p", "max_tokens", "model"];

export function ChatView({ route, status }) {
  const [chats, setChats] = useState({ list: null, error: null });
  const list = useCallback(
    () => ask("/chats").then(
      (value) => setChats({ list: value, error: null }),
      (error) => setChats((before) => ({ list: before.list, error })),
    ),
    [],
  );
  useEffect(list, [route.id]);
  return html`<div class=${`talks ${route.id ? "open" : ""}`}>
    <${Chats} chats=${chats.list} error=${chats.error} chosen=${route.id} onChange=${list} />
    ${route.id
      ? html`<${Talk} key=${route.id} name=${route.id} route=${route} status=${status} onChange=${list} />`
      : html`<div class="talk"><${Empty} title="A chat that remembers">
          <p>Turns that leave the window become pages that the model still sees.
            Begin a chat${chats.list?.length ? ", or take one up again" : ""}.</p><//></div>`}
  </div>`;
}

function Talk({ name, route, status, onChange }) {
  const path = `/chats/${encodeURIComponent(name)}`;
  const draft = `glyph.chat.${name}`;
  const [chat, setChat] = useState(null);
  const [gone, setGone] = useState(null);
  const [text, setText] = useState(load(sessionStorage, draft, ""));
  const [open, setOpen] = useState(null);
  const [usage, setUsage] = useState(null);
  const [error, setError] = useState(null);
  const running = useRef(null);
  const end = useEnd(chat, open);
  const { page, turn: marked } = route.query;
  const refresh = () => ask(path).then((value) => {
    setChat(withNewAddresses(value));
    return value;
  });

  useEffect(() => {
    refresh().catch((problem) => setGone(problem.status === 404 ? new ApiError(`There is no chat “${name}”.`) : problem));
    return () => running.current?.abort();
  }, []);
  useLayoutEffect(() => {
    if (marked && chat) document.getElementById(`turn-${marked}`)?.scrollIntoView({ block: "center" });
  }, [marked, chat !== null]);

  const send = async () => {
    if (open) return;
    const { sampling, problem } = readSampling(status);
    setError(problem);
    if (problem) return;
    if (!text.trim()) {
      setError(new Error("Write something first."));
      return;
    }
    const sent = text;
    const stop = new AbortController();
    running.current = stop;
    let now = { user: sent, said: "", recalled: [], progress: null };
    const add = (more) => {
      now = { ...now, ...more };
      setOpen(now);
    };
    end.isAtEnd.current = true;
    add({});
    write("");
    if (marked) go({ ...route, query: {} }, { replace: true });
    let trouble = null;
    try {
      const events = stream(`${path}/messages`, { json: { text: sent, ...sampling }, signal: stop.signal });
      for await (const { name: event, data } of events) {
        if (event === "delta") add({ said: now.said + data.text, progress: null });
        if (event === "recalled") add({ recalled: [...now.recalled, data] });
        if (event === "progress") add({ progress: data });
        if (event === "usage") setUsage(data);
        if (event === "error") trouble = new Error(data.message);
      }
    } catch (problem) {
      if (problem.name !== "AbortError") trouble = problem;
    }
    running.current = null;
    if (stop.signal.aborted) await new Promise((resolve) => { setTimeout(resolve, STORING_MS); });
    const shown = await refresh().catch((problem) => { trouble = trouble || problem; });
    // What was not stored is nowhere else; whoever writes already goes on.
    if (trouble && !shown?.turns.slice(-2).some(({ role, text: said }) => role === "user" && said === sent)) write((now) => now || sent);
    setError(trouble);
    setOpen(null);
    onChange();
  };
  const write = (value) => setText((before) => {
    const after = typeof value === "function" ? value(before) : value;
    store(sessionStorage, draft, after);
    return after;
  });
  const press = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    send();
  };
  if (gone) {
    return html`<div class="talk"><div class="column"><${ErrorNote} error=${gone} />
      <p><a class="button" href="#/chat">All chats</a></p></div></div>`;
  }
  const turns = chat?.turns || [];
  const last = turns[turns.length - 1];
  const isListed = last?.role === "user" && last.text === open?.user;
  const isOfField = FIELDS.includes(error?.field);
  const openPage = (number) => go({ ...route, query: { ...route.query, page: String(number) } }, { replace: page !== undefined });
  return html`<section class="talk" aria-label=${`Chat ${name}`}>
      <header class="head"><a class="icon-button back" href="#/chat" aria-label="All chats"><${Icon} name="left" /></a>
        <h1 title=${name}>${name}</h1><${Report} report=${chat?.report} /></header>
      <ol class="turns" ref=${end.list} onScroll=${end.onScroll} tabindex="0" aria-label="Turns" aria-busy=${open ? "true" : "false"}>
        ${chat && turns.length === 0 && !open && html`<li><${Empty} title="Nothing said yet">
          <p>Say something. The newest turns stay text; older ones become pages.</p><//></li>`}
        ${turns.map((turn) => html`<${Turn} key=${turn.anchor} turn=${turn} isMarked=${String(turn.anchor) === marked} onPage=${openPage} />`)}
        ${open && !isListed && html`<${Turn} turn=${{ role: "user", text: open.user, place: "text" }} />`}
        ${open && html`<${OpenTurn} open=${open} />`}
      </ol>
      <form class="say" noValidate onSubmit=${(event) => { event.preventDefault(); send(); }}>
        ${!isOfField && html`<${ErrorNote} error=${error} id="say-error" />`}
        <label class="unseen" for="say">Message</label>
        <textarea id="say" rows="2" placeholder="Say something" value=${text} aria-describedby="say-error"
          onInput=${(event) => write(event.target.value)} onKeyDown=${press}></textarea>
        <div class="foot-row"><${Sampling} status=${status} error=${isOfField ? error : null} />
          ${usage && !open && html`<span class="usage quiet">${describeUsage(usage)}</span>`}
          <${GoButton} name="Send" isBusy=${open !== null} onGo=${send} onStop=${() => running.current?.abort()} /></div>
      </form>
      <${Announce} text=${open ? "The model is answering" : turns.length ? "The answer is complete" : ""} />
    </section>
    <aside class="memory" aria-label="Memory">
      <${Recall} path=${path} route=${route} />
      <section class="card"><h2>Pages</h2>
        ${chat?.pages.length
          ? html`<${PageGrid} pages=${chat.pages} onOpen=${openPage} note=${(page) => html`<span>${describeAnchors(page.anchors)}</span>`} />`
          : html`<p class="quiet">None yet: all turns are sent as text.</p>`}
        ${(chat?.report?.notes || []).map((note) => html`<${Warning} key=${note}>${note}<//>`)}
      </section>
    </aside>
    ${page && chat && html`<${PageDialog} pages=${chat.pages} number=${Number(page)} onTurn=${openPage}
      onClose=${() => leave({ ...route, query: marked ? { turn: marked } : {} })} />`}`;
}

/** What the model says while it says it, and what it was reminded of. */
function OpenTurn({ open }) {
  const { said, recalled, progress } = open;
  return html`<li class="turn assistant" aria-busy="true">
    <p class="who"><b>assistant</b></p>
    ${recalled.map((one) => html`<p key=${one.anchor} class="recalled"><${Icon} name="recall" />
      <span>Recalled §${one.anchor}: <q>${one.text}</q></span></p>`)}
    ${said
      ? html`<p class="said">${said}<span class="caret" aria-hidden="true" /></p>`
      : html`<${Waiting} progress=${progress} />`}
  </li>`;
}

/** What the memory costs now. */
export function Report({ report }) {
  if (!report) return html`<p class="report quiet">…</p>`;
  const ratio = report.plain_tokens / report.context_tokens;
  return html`<p class="report"><b>${count(report.context_tokens)}</b> <span class="quiet">tokens sent, ${count(report.plain_tokens)} as text</span>
    ${ratio >= 1.05 && html`<span class="badge">${times(ratio)}× fewer</span>`}
    <span class="quiet">${counted(report.pages, "page")}${report.generation ? `, generation ${report.generation}` : ""}</span></p>`;
}

/** Search what was said, whether it is still shown or not. */
function Recall({ path, route }) {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const search = (event) => {
    event.preventDefault();
    if (!query.trim()) return;
    ask(`${path}/recall?query=${encodeURIComponent(query)}`).then(
      (value) => {
        setFound(value);
        setError(null);
      },
      setError,
    );
  };
  return html`<section class="card"><h2><label for="recall">Recall</label></h2>
    <form class="search" onSubmit=${search}>
      <input id="recall" type="search" placeholder="What was said about…" value=${query} onInput=${(event) => setQuery(event.target.value)} />
      <button type="submit" class="icon-button" aria-label="Search"><${Icon} name="search" /></button>
    </form>
    <${ErrorNote} error=${error} />
    ${found && (found.length === 0 ? html`<p class="quiet" role="status">Nothing like that was said.</p>` : html`<ul class="found">
      ${found.map(({ anchor, text }) => html`<li key=${anchor}>
        <button type="button" onClick=${() => go({ ...route, query: { turn: String(anchor) } })}>
        <span class="where">§${anchor}</span><span>${text}</span></button></li>`)}</ul>`)}
  </section>`;
}

/** A page of a new generation has the old one's address; browsers keep pictures by their address. */
function withNewAddresses(shown) {
  const pages = shown.pages.map((page) => ({
    ...page, url: `${page.url}?at=${[shown.report.generation, ...page.anchors, page.width, page.height].join("-")}`,
  }));
  return { ...shown, pages };
}

function describeAnchors(anchors = []) {
  if (anchors.length === 0) return "";
  return anchors[0] === anchors[anchors.length - 1] ? `§${anchors[0]}` : `§${anchors[0]}–§${anchors[anchors.length - 1]}`;
}
