// Talk to /glyph/api: requests with the key, errors as one kind, streams of events. Knows nothing about what is shown.
import { readEvents } from "./events.js";

const BASE = "/glyph/api";
const KEY = "glyph.key";

/** What went wrong, in the server's words, and the field that caused it. */
export class ApiError extends Error {
  constructor(message, { field = "", status = 0 } = {}) {
    super(message);
    this.field = field;
    this.status = status;
  }
}

/** The key that was typed in; it is kept for this tab alone. */
export const readKey = () => load(sessionStorage, KEY, "");

export function saveKey(key) {
  if (key) store(sessionStorage, KEY, key);
  else sessionStorage.removeItem(KEY);
}

/** A value out of a storage; the other where there is none, or no storage. */
export function load(storage, name, other = null) {
  try {
    const text = storage.getItem(name);
    return text === null ? other : JSON.parse(text);
  } catch {
    return other;
  }
}

/** Keep a value; a full or forbidden storage is no trouble, the value is then not kept. */
export function store(storage, name, value) {
  try {
    storage.setItem(name, JSON.stringify(value));
  } catch {
    // Not kept.
  }
}

/** Ask for JSON; `json` or `form` is posted. */
export async function ask(path, options = {}) {
  const response = await send(path, options);
  return response.status === 204 ? null : response.json();
}

/** Yield the events of a stream; `onOpen` is called when it begins. */
export async function* stream(path, { onOpen, ...options } = {}) {
  const response = await send(path, options);
  onOpen?.();
  try {
    yield* readEvents(response);
  } catch (error) {
    throw nameFailure(error, "The server broke off. Is glyph-memory serve still running?");
  }
}

/** Return a picture as a blob; needed where a key has to be sent along. */
export async function fetchPicture(url, signal) {
  return (await send(url, { signal })).blob();
}

/** Return the address only where it is one of this server's own. */
export function ownAddress(url) {
  const address = new URL(url, location.href);
  return address.origin === location.origin ? address.pathname + address.search : "";
}

async function send(path, { method, json, form, signal } = {}) {
  const headers = {};
  const key = readKey();
  if (key) headers.Authorization = `Bearer ${key}`;
  if (json !== undefined) headers["Content-Type"] = "application/json";
  const body = json !== undefined ? JSON.stringify(json) : form;
  let response;
  try {
    response = await fetch(path.startsWith(BASE) ? path : BASE + path, {
      method: method || (body === undefined ? "GET" : "POST"), headers, body, signal,
    });
  } catch (error) {
    throw nameFailure(error, "The server does not answer. Is glyph-memory serve still running?");
  }
  dispatchEvent(new Event("glyph:here"));
  if (response.ok) return response;
  if (response.status === 401) dispatchEvent(new Event("glyph:key"));
  throw await readError(response);
}

/** What a browser calls a network error says nothing to anybody. */
function nameFailure(error, message) {
  if (error.name === "AbortError" || error instanceof ApiError) return error;
  dispatchEvent(new Event("glyph:gone"));
  return new ApiError(message);
}

async function readError(response) {
  let error = {};
  try {
    error = (await response.json()).error || {};
  } catch {
    // No JSON: the status says it.
  }
  const message = error.message || `The server answered ${response.status} ${response.statusText}`.trim();
  const field = String(error.field || "").split(".").pop();
  return new ApiError(dropName(String(message), field), { field, status: response.status });
}

/** A message without the name of its field, as the interface calls it: it stands beside the field. */
function dropName(message, field) {
  const end = message.indexOf(`${field}: `);
  if (!field || end < 0 || !/^[\w.]*$/.test(message.slice(0, end))) return message;
  const words = message.slice(end + field.length + 2);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
