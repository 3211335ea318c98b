// The public interface of the line, and what can go wrong on the way to it.

/** The line was not reached or is busy: the same request may be sent again. */
export class Unreachable extends Error {}

/** The line said no: sending the same at once would not help. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** The conversation is unknown or not ours any more. */
  get gone() {
    return [401, 403, 404, 410].includes(this.status);
  }
}

const TIMEOUT = 40_000;

/** Send one request; gives the parsed answer. Throws Unreachable or Refused. */
export async function call(method, path, { token, body } = {}) {
  const response = await open(method, path, { token, body, signal: AbortSignal.timeout(TIMEOUT) });
  try {
    return await response.json();
  } catch {
    throw new Unreachable();
  }
}

/** Send one request; gives the raw response, whose body may be a stream. */
export async function open(method, path, { token, body, signal, keepalive, headers = {} } = {}) {
  const sent = { ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      keepalive,
      signal,
    });
  } catch {
    throw new Unreachable();
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const message = problem.message || "";
  if (response.status >= 500 || response.status === 408) throw new Unreachable();
  throw new Refused(response.status, message || "这条消息没有发送成功");
}

/** A random id; `crypto.randomUUID` is missing on pages served without TLS. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const wakeUp = new EventTarget();

/** Wait for a while, or until there is reason to try again at once. */
export function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    wakeUp.addEventListener("wake", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

/** End every running `pause`. */
export function wake() {
  wakeUp.dispatchEvent(new Event("wake"));
}

addEventListener("online", wake);
document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });

/** Seconds doubled from one to fifteen, in milliseconds, a little apart for each browser. */
export function backoff(tries) {
  return Math.min(15_000, 1000 * 2 ** Math.min(tries, 4)) * (0.8 + Math.random() * 0.4);
}
