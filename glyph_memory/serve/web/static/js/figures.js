// Write numbers as people read them. Knows nothing but numbers.

const WHOLE = new Intl.NumberFormat("en");
const UNKNOWN = "–";

export const count = (number) => (number == null ? UNKNOWN : WHOLE.format(Math.round(number)));

/** "3 pages", "1 page". */
export const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Seconds as "31 ms" or "1.2 s". */
export const duration = (seconds) => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`);

/** A share as "84 %". */
export const percent = (share) => (share == null ? UNKNOWN : `${Math.round(share * 100)} %`);

/** How many times fewer tokens: "3.1". */
export const times = (ratio) => (!Number.isFinite(ratio) ? UNKNOWN : ratio < 9.95 ? ratio.toFixed(1) : String(Math.round(ratio)));

/** The share of a request's prompt that the server had in its cache; null where it did not say. */
export function cachedShare({ cached_tokens: cached, prompt_tokens: prompt }) {
  return cached == null || !prompt ? null : Math.min(1, cached / prompt);
}

/** The time of day of seconds since 1970 or of an ISO time, or the date where it was another day. */
export function moment(time) {
  if (!time) return UNKNOWN;
  const date = new Date(typeof time === "number" ? time * 1000 : time);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString("en-GB") : date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}
