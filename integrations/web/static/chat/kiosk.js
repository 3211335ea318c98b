// A screen that many people share: when nobody touches it, everything is forgotten.

import { end } from "./session.js";

const IDLE = 90_000;
const WARNING = 20;

const at = (id) => document.getElementById(id);

/** Watch over `talk`; `inUse()` tells whether there is anything to forget. */
export function watchKiosk(talk, inUse) {
  const dialog = at("idle");
  let timer = null;
  let left = 0;

  const rest = () => {
    clearInterval(timer);
    timer = setTimeout(warn, IDLE);
    if (dialog.open) dialog.close();
  };
  const warn = () => {
    if (!inUse()) return rest();
    left = WARNING;
    at("idle-left").textContent = left;
    at("leave").close();
    dialog.showModal();
    timer = setInterval(() => {
      left -= 1;
      at("idle-left").textContent = left;
      if (left <= 0) forget(talk);
    }, 1000);
  };
  for (const kind of ["pointerdown", "keydown", "input", "wheel", "touchmove"]) {
    addEventListener(kind, rest, { passive: true, capture: true });
  }
  at("idle-stay").addEventListener("click", rest);
  addEventListener("pagehide", () => { if (talk.talk) end(talk.talk).catch(() => {}); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  rest();
}

/** End the talk at the line and start anew in the same place of the history. */
export function forget(talk) {
  if (talk.talk) end(talk.talk).catch(() => {});
  talk.restart();
  document.getElementById("text").value = "";
  location.replace("/kiosk");
}
