// The view of one document: how its pages look, what they cost, and what it answers.
import { html, useEffect, useMemo, useRef, useState } from "../vendor/standalone.module.js";
import { ApiError, ask, load, store } from "./api.js";
import { count, counted, duration, times } from "./figures.js";
import { chosenModel } from "./inference.js";
import { Upload } from "./upload.js";
import { LookForm, readFields, readLook } from "./look.js";
import { PageDialog, PageGrid } from "./pages.js";
import { Announce, ErrorNote, Icon, Warning } from "./parts.js";
import { Question } from "./question.js";
import { go, leave } from "./routes.js";

const PAUSE_MS = 250;
/** How long nothing may change before pages are drawn anew. */

export function DocumentsView({ route, status }) {
  if (!route.id) return html`<${Upload} />`;
  return html`<${Workbench} key=${route.id} route=${route} status=${status} />`;
}

function Workbench({ route, status }) {
  const { document, error: gone } = useDocument(route.id);
  const looks = useLooks();
  const fields = useMemo(() => (looks.value ? readFields(looks.value) : []), [looks.value]);
  const { page, ...query } = route.query;
  const profile = query.profile || chosenModel(status)?.profile || undefined;
  const asked = JSON.stringify({ look: readLook(fields, query), profile });
  const drawn = usePages(route.id, looks.value && status ? asked : "");
  const [quotes, setQuotes] = useState({ asked: "", list: [] });
  const [chosen, setChosen] = useState(null);
  const [, setTurn] = useState(0);
  const frames = quotes.asked === drawn.asked ? quotes.list : [];
  const change = (name, value) => go({ ...route, query: { ...route.query, [name]: value } }, { replace: true });
  const open = (number) => go({ ...route, query: { ...route.query, page: String(number) } }, { replace: page !== undefined });
  const close = () => leave({ ...route, query });
  const show = (quote) => {
    setChosen(quote);
    // Its frame is marked with the next drawing; where it has none, its page is shown.
    requestAnimationFrame(() => {
      const sheet = window.document.getElementById(`page-${quote.page}`);
      const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const target = sheet?.querySelector(".frame.chosen") || sheet;
      target?.scrollIntoView({ block: "center", inline: "center", behavior: isCalm ? "auto" : "smooth" });
    });
  };

  if (gone) {
    return html`<div class="column"><${ErrorNote} error=${gone} />
      <p><a class="button" href="#/documents">Choose a document</a></p></div>`;
  }
  const told = drawn.busy || !drawn.result ? "" : `${counted(drawn.result.pages.length, "page")}, ${counted(drawn.result.page_tokens, "token")}`;
  const reset = () => go({ ...route, query: {} }, { replace: true });
  const isFieldError = drawn.error && fields.some((field) => field.name === drawn.error.field);
  return html`<div class="workbench">
    <aside class="side" aria-label="Document and look">
      <${DocumentCard} document=${document} />
      <${Panel} title="Look" name="look" changed=${Object.keys(query).length}>
        <${ErrorNote} error=${looks.error} />
        <${LookForm} fields=${fields} query=${query} error=${drawn.error} onChange=${change} />
        ${Object.keys(query).length > 0 && html`<button type="button" class="quiet-button" onClick=${reset}>Back to the defaults</button>`}
      <//>
    </aside>
    <section class="middle" aria-label="Pages">
      <${Figures} result=${drawn.result} busy=${drawn.busy} />
      ${!isFieldError && html`<${ErrorNote} error=${drawn.error} />`}
      ${(drawn.result?.notes || []).map((note) => html`<${Warning} key=${note}>${note}<//>`)}
      ${drawn.result
        ? html`<${PageGrid} pages=${drawn.result.pages} frames=${frames} chosen=${chosen} busy=${drawn.busy} onOpen=${open} />`
        : html`<div class="pages" aria-hidden="true"><span class="blank" /></div>`}
      <${Announce} text=${told} />
    </section>
    <section class="side ask" aria-label="Question">
      <${Question} id=${route.id} status=${status} asked=${asked} chosen=${chosen}
        areFramed=${frames.length > 0} onQuotes=${setQuotes} onChoose=${show} onModel=${() => setTurn((turn) => turn + 1)} />
    </section>
    ${page && drawn.result && html`<${PageDialog} pages=${drawn.result.pages} number=${Number(page)} frames=${frames} chosen=${chosen}
      onTurn=${open} onClose=${close} />`}
  </div>`;
}

/** A part of the side that can be closed; on a narrow screen it begins closed. */
function Panel({ title, name, changed, children }) {
  const place = `glyph.panel.${name}`;
  const isOpen = load(sessionStorage, place, !matchMedia("(max-width: 760px)").matches);
  return html`<details class="panel" open=${isOpen} onToggle=${(event) => store(sessionStorage, place, event.target.open)}>
    <summary><h2>${title}</h2>${changed > 0 && html`<span class="quiet">${changed} changed</span>`}</summary>
    ${children}
  </details>`;
}

function DocumentCard({ document }) {
  if (!document) return html`<div class="card" aria-busy="true"><h1>…</h1></div>`;
  return html`<div class="card">
    <h1>${document.title || "Untitled"}</h1>
    <p class="quiet">${[document.kind, `${count(document.characters)} characters`].filter(Boolean).join(" · ")}</p>
    ${(document.defects || []).map((defect) => html`<${Warning} key=${defect}>${defect}<//>`)}
    <p><a class="button small" href="#/documents"><${Icon} name="file" />Another document</a></p>
  </div>`;
}

/** What pages cost beside what the text costs. */
function Figures({ result, busy }) {
  const text = result?.text_tokens;
  const pages = result?.page_tokens;
  const ratio = text / pages;
  const isMore = ratio < 1;
  const largest = Math.max(text || 0, pages || 0) || 1;
  const row = (label, tokens, kind) => html`<div class="row">
    <dt>${label}</dt>
    <dd><span class="track"><span class=${`fill ${kind}`} style=${{ width: `${(100 * (tokens || 0)) / largest}%` }} /></span>
      <b>${count(tokens)}</b></dd>
  </div>`;
  return html`<div class=${`figures ${busy ? "busy" : ""}`}>
    <p class="big"><b>${times(isMore ? 1 / ratio : ratio)}×</b><span>${isMore ? "more tokens than the text" : "fewer tokens"}</span></p>
    <dl class="bars">
      ${row("Text", text, "plain")}
      ${row(result ? counted(result.pages.length, "page") : "Pages", pages, "accent")}
    </dl>
    <p class="quiet aside">${result
      ? html`${result.layout && html`<span>layout: ${result.layout}</span>`}<span>${duration(result.seconds)}</span>`
      : "…"}</p>
  </div>`;
}

function useLooks() {
  const [looks, setLooks] = useState({});
  useEffect(() => {
    ask("/looks").then((value) => setLooks({ value }), (error) => setLooks({ error }));
  }, []);
  return looks;
}

/** The document that an address names; what was just uploaded is known already. */
function useDocument(id) {
  const [document, setDocument] = useState(() => load(sessionStorage, `glyph.document.${id}`));
  const [error, setError] = useState(null);
  useEffect(() => {
    ask(`/documents/${encodeURIComponent(id)}`).then(setDocument, (problem) => {
      setError(problem.status === 404 ? new ApiError("This document is not here any more. Give it again.") : problem);
    });
  }, [id]);
  return { document, error };
}

/** Pages as they are asked for: a pause after the last change, and the last answer wins. */
function usePages(id, asked) {
  const [state, setState] = useState({ result: null, asked: "", error: null, busy: true });
  const isFirst = useRef(true);
  useEffect(() => {
    if (!asked) return undefined;
    const newer = new AbortController();
    setState((before) => ({ ...before, busy: true }));
    const draw = () => ask(`/documents/${encodeURIComponent(id)}/pages`, { json: JSON.parse(asked), signal: newer.signal }).then(
      (result) => !newer.signal.aborted && setState({ result, asked, error: null, busy: false }),
      (error) => error.name !== "AbortError" && setState((before) => ({ ...before, error, busy: false })),
    );
    const timer = setTimeout(draw, isFirst.current ? 0 : PAUSE_MS);
    isFirst.current = false;
    return () => {
      clearTimeout(timer);
      newer.abort();
    };
  }, [id, asked]);
  return state;
}
