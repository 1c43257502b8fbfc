// Take a document: pasted, dropped or chosen. Knows the upload; knows nothing about pages.
import { html, useEffect, useRef, useState } from "../vendor/standalone.module.js";
import { ask, load, store } from "./api.js";
import { Announce, ErrorNote, Icon } from "./parts.js";
import { go } from "./routes.js";
import { SAMPLE } from "./sample.js";

const DRAFT = "glyph.draft";

export function Upload() {
  const [text, setText] = useState(load(sessionStorage, DRAFT, ""));
  const [busy, setBusy] = useState("");
  const [error, setError] = useState(null);
  const [isOver, setOver] = useState(false);
  const chooser = useRef(null);

  const take = async (what, options) => {
    setBusy(what);
    setError(null);
    try {
      const document = await ask("/documents", options);
      store(sessionStorage, `glyph.document.${document.id}`, document);
      go({ view: "documents", id: document.id });
    } catch (problem) {
      setError(problem);
      setBusy("");
    }
  };
  const takeText = (pasted, name) => {
    if (!pasted.trim()) return setError(new Error("There is no text yet. Paste some, or choose a file."));
    return take("text", { json: { text: pasted, name } });
  };
  const takeFile = (file) => {
    if (!file) return;
    const form = new FormData();
    form.append("file", file, file.name);
    take(file.name, { form });
  };

  useEffect(() => {
    // The whole window takes files, so that one dropped beside the field does not replace the page.
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    const over = (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const out = (event) => event.relatedTarget === null && setOver(false);
    const drop = (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      takeFile(event.dataTransfer.files[0]);
    };
    // Office programs put a picture of the text beside the text: then the text is meant.
    const paste = ({ clipboardData: given }) => !given?.types.includes("text/plain") && takeFile(given?.files[0]);
    const listeners = { dragover: over, dragleave: out, drop, paste };
    Object.entries(listeners).forEach(([name, listen]) => addEventListener(name, listen));
    return () => Object.entries(listeners).forEach(([name, listen]) => removeEventListener(name, listen));
  }, []);

  const write = (event) => {
    setText(event.target.value);
    store(sessionStorage, DRAFT, event.target.value);
  };
  const press = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) takeText(text);
  };
  return html`<div class="column upload">
    <h1>See a document as a model reads it</h1>
    <p class="lead">Its text is drawn onto pages. A vision model reads a page for fewer tokens than the text on it.</p>
    <div class=${`paper ${isOver ? "over" : ""}`}>
      <label class="unseen" for="pasted">Text</label>
      <textarea id="pasted" rows="12" placeholder="Paste text here" value=${text} disabled=${busy !== ""} spellcheck="false"
        aria-describedby="upload-error" onInput=${write} onKeyDown=${press}></textarea>
      <div class="foot">
        <button type="button" class="button" disabled=${busy !== ""} onClick=${() => chooser.current.click()}>
          <${Icon} name="upload" />Choose a file</button>
        <span class="quiet grow">or drop one here: PDF, Word, slides, sheets, HTML, Markdown, code</span>
        <button type="button" class="button accent" disabled=${busy !== ""} onClick=${() => takeText(text)}>
          Draw pages <kbd>Ctrl Enter</kbd></button>
      </div>
      <input ref=${chooser} type="file" hidden tabindex="-1" aria-label="File" onChange=${(event) => takeFile(event.target.files[0])} />
      <p class="drop" aria-hidden="true"><${Icon} name="upload" />Drop it</p>
    </div>
    <${ErrorNote} error=${error} id="upload-error" />
    <p class="quiet">Nothing at hand?${" "}
      <button type="button" class="link" disabled=${busy !== ""} onClick=${() => takeText(SAMPLE, "sample.md")}>Take a sample</button></p>
    ${busy && html`<p class="working"><span class="spinner" aria-hidden="true" />Reading ${busy}</p>`}
    <${Announce} text=${busy && `Reading ${busy}`} />
  </div>`;
}
