// What a reload must not lose. Kept for this browser tab only: a shared computer forgets it, and a
// kiosk keeps nothing at all.

import { kiosk } from "./mode.js";

const PREFIX = "hotline.";

export function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

/** Keep `value`; false when it is too large for the store or the store is off. */
export function keep(name, value) {
  if (kiosk) return false;
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    drop(name);
    return false;
  }
}

export function drop(name) {
  try {
    sessionStorage.removeItem(PREFIX + name);
  } catch { /* storage is off: nothing was kept */ }
}
