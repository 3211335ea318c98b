// Which talk this browser has. A cookie that scripts cannot read keeps it; a kiosk keeps nothing,
// nor does a browser without cookies: there the token stays in memory and a reload forgets.

import { call, open } from "./api.js";
import { kiosk, mode } from "./mode.js";

const address = (query = "") => `/api/talk?${kiosk ? "" : `where=${mode}`}${query}`;

/** The talk of before, {id}, or null. */
export async function resume() {
  if (kiosk) return null;
  const { id } = await call("GET", address());
  return id ? { id } : null;
}

/** The talk, or a new one: {id, token}. `words` come first, so that an emergency is let in. */
export async function begin(words) {
  const { id, token } = await call("POST", address(), { body: { words: words.slice(0, 4000) } });
  return { id, token };
}

/** Have the line and this browser forget the talk; outlives the page. */
export function end({ id, token }) {
  return open("DELETE", address(`&conversation=${id}`), { token, keepalive: true });
}

/** Grade the talk, 1 worst to 5 best; `why` may hold reasons and text for a bad grade. */
export function rate({ id, token }, grade, why = {}) {
  return call("POST", `/api/conversations/${id}/rating`, { token, body: { grade, ...why } });
}
