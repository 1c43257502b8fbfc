// The list of chats: begin one, open one, delete one.
import { html, useState } from "../vendor/standalone.module.js";
import { ask } from "./api.js";
import { counted, moment } from "./figures.js";
import { Dialog, ErrorNote, Icon, IconButton } from "./parts.js";
import { go } from "./routes.js";

export function Chats({ chats, error, chosen, onChange }) {
  const [name, setName] = useState("");
  const [trouble, setTrouble] = useState(null);
  const [doomed, setDoomed] = useState(null);
  const begin = async (event) => {
    event.preventDefault();
    try {
      const chat = await ask("/chats", { json: name.trim() ? { name: name.trim() } : {} });
      setName("");
      setTrouble(null);
      await onChange();
      go({ view: "chat", id: chat.name });
    } catch (problem) {
      setTrouble(problem);
    }
  };
  const remove = async () => {
    try {
      await ask(`/chats/${encodeURIComponent(doomed)}`, { method: "DELETE" });
      if (doomed === chosen) go({ view: "chat" }, { replace: true });
      setTrouble(null);
    } catch (problem) {
      setTrouble(problem);
    }
    setDoomed(null);
    onChange();
  };
  return html`<aside class="chats" aria-label="Chats">
    <form class="begin" onSubmit=${begin}>
      <label class="unseen" for="chat-name">Name of a new chat</label>
      <input id="chat-name" placeholder="Name" maxlength="80" value=${name} aria-invalid=${trouble ? "true" : null}
        aria-describedby="chats-error" onInput=${(event) => setName(event.target.value)} />
      <button type="submit" class="button"><${Icon} name="plus" />New chat</button>
    </form>
    <${ErrorNote} error=${trouble || error} id="chats-error" />
    <ul>${(chats || []).map((one) => html`<li key=${one.name} class=${one.name === chosen ? "chosen" : ""}>
        <a href=${`#/chat/${encodeURIComponent(one.name)}`} aria-current=${one.name === chosen ? "true" : null}>
          <span class="name">${one.name}</span>
          <span class="quiet">${[counted(one.turns, "turn"), one.updated && moment(one.updated)].filter(Boolean).join(" · ")}</span></a>
        <${IconButton} name="trash" label=${`Delete ${one.name}`} onClick=${() => setDoomed(one.name)} />
      </li>`)}</ul>
    ${chats?.length === 0 && !error && html`<p class="quiet none">No chat yet.</p>`}
    ${doomed && html`<${Dialog} label="Delete a chat" class="small" onClose=${() => setDoomed(null)}>
      <form onSubmit=${(event) => { event.preventDefault(); remove(); }}>
        <header><h2>Delete “${doomed}”?</h2><${IconButton} name="close" label="Close" onClick=${() => setDoomed(null)} /></header>
        <p class="quiet">All that was said in it is forgotten, pages included.</p>
        <div class="actions"><button type="button" class="button" onClick=${() => setDoomed(null)}>Keep it</button>
          <button type="submit" class="button danger">Delete</button></div>
      </form><//>`}
  </aside>`;
}
