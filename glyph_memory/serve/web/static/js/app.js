// The frame of the page: tabs, the server's state, the theme, the key. Views do the rest.
import { html, render, useCallback, useEffect, useRef, useState } from "../vendor/standalone.module.js";
import { ask, readKey, saveKey } from "./api.js";
import { ChatView } from "./chat.js";
import { DocumentsView } from "./documents.js";
import { listModels } from "./inference.js";
import { Dialog, ErrorNote, Icon, IconButton } from "./parts.js";
import { useRoute } from "./routes.js";
import { WatchView } from "./watch.js";

const TABS = [
  { view: "documents", name: "Documents" },
  { view: "chat", name: "Chat" },
  { view: "watch", name: "Watch" },
];
const VIEWS = { documents: DocumentsView, chat: ChatView, watch: WatchView };

function App() {
  const route = useRoute();
  const [status, setStatus] = useState(null);
  const [error, setError] = useState(null);
  const [wantsKey, setWantsKey] = useState(false);
  const [keys, setKeys] = useState(0);
  const [isGone, setGone] = useState(false);
  const main = useRef(null);
  const isFirst = useRef(true);

  const look = useCallback(() => {
    ask("/status").then(
      (value) => {
        setStatus(value);
        setError(null);
        if (value.needs_key && !readKey()) setWantsKey(true);
      },
      (problem) => problem.status !== 401 && setError(problem),
    );
  }, []);
  useEffect(look, [keys]);
  useEffect(() => {
    const listeners = { "glyph:key": () => setWantsKey(true), "glyph:gone": () => setGone(true), "glyph:here": () => setGone(false) };
    Object.entries(listeners).forEach(([name, listen]) => addEventListener(name, listen));
    return () => Object.entries(listeners).forEach(([name, listen]) => removeEventListener(name, listen));
  }, []);
  const tab = TABS.find(({ view }) => view === route.view);
  useEffect(() => {
    const name = route.view === "documents" ? "" : route.id;
    document.title = [name, tab.name, "glyph-memory"].filter(Boolean).join(" · ");
    // What had the focus may be gone with the view before.
    if (!isFirst.current && document.activeElement === document.body) main.current.focus({ preventScroll: true });
    isFirst.current = false;
  }, [route.view, route.id]);

  const skip = (event) => {
    event.preventDefault();
    main.current.focus();
  };
  const give = (key) => {
    saveKey(key);
    setWantsKey(false);
    setKeys(keys + 1);
  };
  const isLocked = status?.needs_key && !readKey();
  const View = VIEWS[route.view];
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <header class="bar">
      <a class="mark" href="#/documents" aria-label="glyph-memory"><${Mark} /><span>glyph-memory</span></a>
      <nav aria-label="Views">${TABS.map(({ view, name }) => html`<a key=${view} href=${`#/${view}`}
        aria-current=${view === route.view ? "page" : null}>${name}</a>`)}</nav>
      <${State} status=${status} isGone=${isGone} />
      ${status?.needs_key && html`<${IconButton} name="key" label="Key" onClick=${() => setWantsKey(true)} />`}
      <${ThemeSwitch} />
    </header>
    <main id="main" ref=${main} tabindex="-1">
      ${error && html`<div class="column"><${ErrorNote} error=${error} />
        <p><button type="button" class="button" onClick=${look}>Try again</button></p></div>`}
      ${!isLocked && html`<${View} key=${`${route.view} ${keys}`} route=${route} status=${status} />`}
      ${isLocked && !wantsKey && html`<div class="column">
        <p><button type="button" class="button accent" onClick=${() => setWantsKey(true)}>Give a key</button></p></div>`}
    </main>
    ${wantsKey && html`<${KeyDialog} isWrong=${Boolean(readKey())} onGive=${give} onClose=${() => setWantsKey(false)} />`}`;
}

function Mark() {
  return html`<svg viewBox="0 0 16 16" aria-hidden="true"><rect width="16" height="16" rx="3" /><path d="M4 4.5h8M4 7.5h8M4 10.5h5" /></svg>`;
}

/** Who answers. */
function State({ status, isGone }) {
  if (isGone) return html`<p class="state bad"><span class="dot" />no server</p>`;
  if (!status) return html`<p class="state"></p>`;
  const broken = status.upstreams.find((upstream) => upstream.error);
  if (!status.has_upstream) return html`<p class="state" title="No upstream is given: the nano reader answers">nano reader</p>`;
  const models = listModels(status);
  if (broken && models.length === 0) {
    return html`<p class="state bad" title=${`${broken.url}: ${broken.error}`}><span class="dot" />upstream gone</p>`;
  }
  const title = broken ? `${broken.url}: ${broken.error}` : status.upstreams.map(({ url }) => url).join(", ");
  return html`<p class=${`state ${broken ? "bad" : "good"}`} title=${title}>
    <span class="dot" /><span class="cut">${models[0]?.id}</span>${models.length > 1 ? `and ${models.length - 1} more` : ""}</p>`;
}

function ThemeSwitch() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const [isDark, setDark] = useState((root.dataset.theme || (system.matches ? "dark" : "light")) === "dark");
  useEffect(() => {
    const follow = () => root.dataset.theme || setDark(system.matches);
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, []);
  const turn = () => {
    const theme = isDark ? "light" : "dark";
    const isSystems = (theme === "dark") === system.matches;
    try {
      if (isSystems) localStorage.removeItem("glyph.theme");
      else localStorage.setItem("glyph.theme", theme);
    } catch {
      // Not kept.
    }
    if (isSystems) delete root.dataset.theme;
    else root.dataset.theme = theme;
    setDark(!isDark);
  };
  return html`<${IconButton} name=${isDark ? "sun" : "moon"} label=${isDark ? "Light theme" : "Dark theme"} onClick=${turn} />`;
}

function KeyDialog({ isWrong, onGive, onClose }) {
  const [key, setKey] = useState("");
  const submit = (event) => {
    event.preventDefault();
    if (key.trim()) onGive(key.trim());
  };
  return html`<${Dialog} label="Key" onClose=${onClose} class="small">
    <form onSubmit=${submit}>
      <header><h2>This server asks for a key</h2><${IconButton} name="close" label="Close" onClick=${onClose} /></header>
      <p class="quiet">Whoever runs it has one for you. It is kept in this tab alone.</p>
      <div class="field wide"><label for="key">Key</label>
        <input id="key" type="password" autocomplete="off" value=${key} autofocus aria-describedby="key-error"
          onInput=${(event) => setKey(event.target.value)} />
        ${isWrong && html`<${ErrorNote} id="key-error" error="The server did not take the key that was given." />`}</div>
      <div class="actions"><button type="submit" class="button accent"><${Icon} name="key" />Use it</button></div>
    </form>
  <//>`;
}

render(html`<${App} />`, document.getElementById("app"));
