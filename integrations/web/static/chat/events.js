// Follow a conversation: a stream of events that resumes, else asking again and again.

import { backoff, call, open, pause, Refused } from "./api.js";

// The line speaks up at once and then every 15 s; a proxy that holds the stream back shows as silence.
const FIRST = 6000;
const SILENCE = 40_000;
const POLL = 4000;

/**
 * Deliver every message after `position.last` until `signal` ends it.
 * `onMessage(message)` advances `position.last`; `onLink(up)` tells whether the line is reached;
 * `onGone()` is called once when the conversation no longer exists.
 */
export async function follow(talk, position, { onMessage, onLink, onGone, signal }) {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const lived = await stream(talk, position, onMessage, () => onLink(true), signal);
      failures = lived ? 0 : failures + 1;
    } catch (problem) {
      if (signal.aborted) return;
      if (problem instanceof Refused && problem.gone) return onGone();
      failures += 1;
    }
    if (signal.aborted) return;
    try {
      await catchUp(talk, position, onMessage);
      onLink(true);
      if (failures) await pause(POLL);
    } catch (problem) {
      if (problem instanceof Refused && problem.gone) return onGone();
      onLink(false);
      await pause(backoff(failures));
    }
  }
}

/** Fetch what is missing after `position.last`, page by page. */
export async function catchUp(talk, position, onMessage) {
  for (;;) {
    const { messages } = await call(
      "GET", `/api/conversations/${talk.id}/messages?after=${position.last}`, { token: talk.token },
    );
    const before = position.last;
    messages.forEach(onMessage);
    if (!messages.length || position.last === before) return;
  }
}

/** Read one stream to its end; tells whether it ever carried anything. */
async function stream(talk, position, onMessage, onOpen, signal) {
  let lived = false;
  const stop = new AbortController();
  const end = () => stop.abort();
  signal.addEventListener("abort", end, { once: true });
  let timer = setTimeout(end, FIRST);
  try {
    const response = await open("GET", `/api/conversations/${talk.id}/events?after=${position.last}`, {
      token: talk.token,
      signal: stop.signal,
      headers: { Accept: "text/event-stream", "Last-Event-ID": String(position.last) },
    });
    onOpen();
    const parser = new EventParser((data) => {
      let message;
      try { message = JSON.parse(data); } catch { return; }
      onMessage(message);
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true }));
      if (done) break;
      lived = true;
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE);
      parser.feed(value);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
  return lived;
}

/** Server-sent events from text that arrives in pieces of any size. */
export class EventParser {
  constructor(onData) {
    this.onData = onData;
    this.rest = "";
    this.data = [];
  }

  feed(text) {
    // A carriage return at the very end may be half of a line break.
    const whole = this.rest + text;
    const held = whole.endsWith("\r") ? 1 : 0;
    const lines = whole.slice(0, whole.length - held).split(/\r\n|\n|\r/);
    this.rest = lines.pop() + (held ? "\r" : "");
    lines.forEach((line) => this.line(line));
  }

  line(line) {
    if (line === "") {
      if (this.data.length) this.onData(this.data.join("\n"));
      this.data = [];
    } else if (line.startsWith("data:")) {
      this.data.push(line.slice(5).replace(/^ /, ""));
    }
  }
}
