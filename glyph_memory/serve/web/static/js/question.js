// Ask a question about a document: options, the answer as it comes, quotes. Knows the stream of events.
import { html, useEffect, useRef, useState } from "../vendor/standalone.module.js";
import { load, store, stream } from "./api.js";
import { count } from "./figures.js";
import { readSampling, Sampling } from "./inference.js";
import { Announce, ErrorNote, GoButton, Waiting } from "./parts.js";

const NOTHING = { text: "", reasoning: "", quotes: [], usage: null, error: null, progress: null, asked: "", question: "", ended: "" };

export function Question({ id, status, asked, chosen, areFramed, onQuotes, onChoose, onModel }) {
  const place = `glyph.answer.${id}`;
  const [answer, setAnswer] = useState(() => ({ ...NOTHING, ...load(sessionStorage, place, {}) }));
  const [question, setQuestion] = useState(answer.question);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const running = useRef(null);

  useEffect(() => onQuotes({ asked: answer.asked, list: answer.quotes }), [answer.asked, answer.quotes]);
  useEffect(() => () => running.current?.abort(), []);

  const put = async () => {
    if (isBusy) return;
    if (!question.trim()) {
      setError(new Error("Write a question first."));
      return;
    }
    const { sampling, problem } = readSampling(status);
    setError(problem);
    if (problem) return;
    const stop = new AbortController();
    running.current = stop;
    setBusy(true);
    let now = { ...NOTHING, question, asked };
    setAnswer(now);
    const add = (more) => {
      now = { ...now, ...more };
      setAnswer(now);
    };
    try {
      const json = { question, ...JSON.parse(asked), ...sampling };
      const events = stream(`/documents/${encodeURIComponent(id)}/answers`, { json, signal: stop.signal });
      for await (const { name, data } of events) add(takeEvent(now, name, data));
      add({ progress: null, ended: now.ended || (now.error ? "failed" : "done") });
    } catch (problem) {
      if (problem.name === "AbortError") add({ ended: "stopped", progress: null });
      else if (["question", "temperature", "top_p", "max_tokens", "model"].includes(problem.field)) setError(problem);
      else add({ error: problem.message, ended: "failed", progress: null });
    }
    store(sessionStorage, place, now);
    setBusy(false);
  };
  const press = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    put();
  };
  const isOfField = error && ["temperature", "top_p", "max_tokens", "model"].includes(error.field);
  return html`<form class="card question" noValidate onSubmit=${(event) => { event.preventDefault(); put(); }}>
    <h2><label for="question">Question</label></h2>
    <textarea id="question" rows="3" value=${question} placeholder="What do you want to know?" aria-invalid=${error && !isOfField ? "true" : null}
      aria-describedby="question-error" onInput=${(event) => setQuestion(event.target.value)} onKeyDown=${press}></textarea>
    ${!isOfField && html`<${ErrorNote} error=${error} id="question-error" />`}
    <${Sampling} status=${status} error=${isOfField ? error : null} onModel=${onModel} />
    <div class="actions">
      <${GoButton} name="Ask" isBusy=${isBusy} onGo=${put} onStop=${() => running.current.abort()} />
    </div>
    <${Answer} answer=${answer} isBusy=${isBusy} chosen=${chosen} areFramed=${areFramed} onChoose=${onChoose} />
  </form>`;
}

/** Return what an event changes in an answer. */
function takeEvent(answer, name, data) {
  if (name === "delta") return { text: answer.text + data.text, progress: null };
  if (name === "reasoning") return { reasoning: answer.reasoning + data.text };
  if (name === "progress") return { progress: data };
  if (name === "quote") return { quotes: [...answer.quotes, data] };
  if (name === "usage") return { usage: data };
  if (name === "error") return { error: data.message };
  return {};
}

function Answer({ answer, isBusy, chosen, areFramed, onChoose }) {
  const { text, reasoning, quotes, usage, error, progress, ended } = answer;
  if (!isBusy && !ended) return null;
  const waits = isBusy && !text;
  return html`<section class="answer" aria-label="Answer" aria-busy=${isBusy ? "true" : "false"}>
    ${waits && html`<${Waiting} progress=${progress} />`}
    ${reasoning && html`<details class="reasoning"><summary>Thoughts</summary><p class="said">${reasoning}</p></details>`}
    ${text && html`<p class="said">${text}${isBusy && html`<span class="caret" aria-hidden="true" />`}</p>`}
    ${ended === "done" && !text && !error && html`<p class="quiet">The model said nothing.</p>`}
    <${ErrorNote} error=${error} />
    ${ended === "stopped" && html`<p class="quiet">Stopped.</p>`}
    ${quotes.length > 0 && html`<div class="quotes"><h3>On the pages</h3>
      <ul>${quotes.map((quote, index) => html`<li key=${index}>
        <button type="button" aria-pressed=${chosen === quote ? "true" : "false"} onClick=${() => onChoose(quote)}>
          <span class="where">Page ${quote.page}</span><q>${quote.text}</q></button></li>`)}</ul>
      ${!areFramed && !isBusy && html`<p class="quiet">The pages look different now; ask again to see these framed.</p>`}</div>`}
    ${usage && !isBusy && html`<p class="usage quiet">${describeUsage(usage)}</p>`}
    <${Announce} text=${isBusy ? "The model is answering" : ended === "done" ? "The answer is complete" : ended} />
  </section>`;
}

/** Return a line of what an answer took. */
export function describeUsage(usage) {
  const cached = usage.cached_tokens ?? usage.prompt_tokens_details?.cached_tokens;
  const parts = [
    usage.prompt_tokens != null && `${count(usage.prompt_tokens)} tokens read`,
    cached != null && `${count(cached)} of them cached`,
    usage.completion_tokens != null && `${count(usage.completion_tokens)} written`,
    usage.seconds != null && `${Number(usage.seconds).toFixed(1)} s`,
  ];
  return parts.filter(Boolean).join(" · ");
}
