// Read server-sent events from a fetch response. `EventSource` can neither post nor send a key.

/** A parser that takes text as it comes and returns the events that are complete. */
export function createParser() {
  let rest = "";
  let name = "";
  let data = [];
  return function feed(text) {
    const events = [];
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (data.length) events.push({ name: name || "message", data: parse(data.join("\n")) });
        name = "";
        data = [];
      } else if (line.startsWith("event:")) name = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
    return events;
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}

/** Yield the events of a response until it ends. */
export async function* readEvents(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const feed = createParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
