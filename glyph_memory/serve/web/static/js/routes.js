// What is shown stands in the address: `#/documents/ID?font_pt=8`. Knows addresses; knows nothing about views.
import { useEffect, useState } from "../vendor/standalone.module.js";

const VIEWS = ["documents", "chat", "watch"];

/** Return the route of an address' hash. */
export function readRoute(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  return {
    view: VIEWS.includes(view) ? view : "documents",
    id: decode(rest.join("/")),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

/** Return the hash of a route. */
export function writeRoute({ view, id = "", query = {} }) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  const tail = search.size === 0 ? "" : `?${search}`;
  return `#/${view}${id && "/"}${encodeURIComponent(id)}${tail}`;
}

/** Go to a route; with `replace`, back does not lead to the one before it. */
export function go(route, { replace = false } = {}) {
  const hash = writeRoute(route);
  if (hash === location.hash) return;
  if (replace) history.replaceState(history.state, "", hash);
  else history.pushState({ within: true }, "", hash);
  dispatchEvent(new Event("glyph:route"));
}

/** Leave what was opened on top: back where it was opened from here, else replaced. */
export function leave(route) {
  if (history.state?.within) history.back();
  else go(route, { replace: true });
}

/** The route now, followed. */
export function useRoute() {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const follow = () => setRoute(readRoute(location.hash));
    const names = ["hashchange", "popstate", "glyph:route"];
    names.forEach((name) => addEventListener(name, follow));
    return () => names.forEach((name) => removeEventListener(name, follow));
  }, []);
  return route;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
