// Show pages: as a row of small ones, and one large in a dialog, with quotes framed. Knows pictures and boxes in pixels.
import { html, useEffect, useRef, useState } from "../vendor/standalone.module.js";
import { fetchPicture, ownAddress, readKey } from "./api.js";
import { count, counted } from "./figures.js";
import { Dialog, IconButton } from "./parts.js";

/** Return the address that an <img> takes: with a key, pictures are fetched and shown as blobs. */
function usePicture(url) {
  const own = ownAddress(url);
  const [source, setSource] = useState(readKey() ? "" : own);
  const shown = useRef("");
  useEffect(() => {
    if (!readKey()) {
      setSource(own);
      return undefined;
    }
    const gone = new AbortController();
    fetchPicture(own, gone.signal)
      .then((blob) => {
        const before = shown.current;
        shown.current = URL.createObjectURL(blob);
        setSource(shown.current);
        URL.revokeObjectURL(before);
      })
      .catch(() => {});
    return () => gone.abort();
  }, [own]);
  useEffect(() => () => URL.revokeObjectURL(shown.current), []);
  return source;
}

/** A page with its frames; the frames' places are shares of its sides, so they hold at any size. */
export function Page({ page, frames = [], chosen = null }) {
  const source = usePicture(page.url);
  const share = (length, whole) => `${(100 * length) / whole}%`;
  const place = ([x, y, width, height]) => ({
    left: share(x, page.width), top: share(y, page.height), width: share(width, page.width), height: share(height, page.height),
  });
  return html`<span class="sheet" style=${{ aspectRatio: `${page.width} / ${page.height}` }}>
    <img src=${source || null} width=${page.width} height=${page.height} alt=${`Page ${page.number}`} decoding="async" />
    ${frames.flatMap((frame, index) =>
      frame.boxes.map((box, line) => html`<span key=${`${index}-${line}`} aria-hidden="true"
        class=${`frame ${chosen === frame ? "chosen" : ""}`} style=${place(box)} />`),
    )}
  </span>`;
}

/** Pages side by side; each opens large. */
export function PageGrid({ pages, frames = [], chosen, busy, onOpen, note }) {
  const size = ["", "one", "two"][pages.length] || "";
  return html`<ol class=${`pages ${size} ${busy ? "busy" : ""}`} aria-label="Pages" aria-busy=${busy ? "true" : "false"}>
    ${pages.map((page) => {
      const here = frames.filter((frame) => frame.page === page.number);
      return html`<li key=${page.number} id=${`page-${page.number}`}>
        <button type="button" class="page" aria-label=${`Page ${page.number}, open it large`} onClick=${() => onOpen(page.number)}>
          <${Page} page=${page} frames=${here} chosen=${chosen} />
        </button>
        <p class="caption"><span>Page ${page.number}</span><span>${page.tokens == null ? "" : counted(page.tokens, "token")}</span>
          ${note ? note(page) : html`<span>${page.width} × ${page.height}</span>`}</p>
      </li>`;
    })}
  </ol>`;
}

/** One page, large; the arrow keys turn pages. */
export function PageDialog({ pages, number, frames = [], chosen, onTurn, onClose }) {
  const place = pages.findIndex((page) => page.number === number);
  const page = pages[place];
  if (!page) return null;
  const turn = (by) => pages[place + by] && onTurn(pages[place + by].number);
  const press = (event) => {
    if (event.key === "ArrowLeft") turn(-1);
    if (event.key === "ArrowRight") turn(1);
  };
  return html`<${Dialog} label=${`Page ${number}`} onClose=${onClose} class="large" onKeyDown=${press}>
    <header>
      <h2>Page ${number} <span class="quiet">of ${count(pages.length)}</span></h2>
      <${IconButton} name="left" label="Page before" disabled=${place === 0} onClick=${() => turn(-1)} />
      <${IconButton} name="right" label="Next page" disabled=${place === pages.length - 1} onClick=${() => turn(1)} />
      <${IconButton} name="close" label="Close" onClick=${onClose} />
    </header>
    <div class="view" tabindex="0" role="group" aria-label="The page">
      <${Page} page=${page} chosen=${chosen} frames=${frames.filter((frame) => frame.page === number)} /></div>
  <//>`;
}
