// The chat in a frame: the page around it only hears "close" and "news", and says "open".

import { mode } from "./mode.js";

const framed = mode === "widget" && parent !== window;

/** Tell the page around; there is nothing in it that a stranger could not know. */
function tell(hotline) {
  if (framed) parent.postMessage({ hotline }, "*");
}

/** Something was said by the line. */
export const news = () => tell("news");

/** Wire Esc, the button that folds the widget, and the focus when it opens. */
export function wireFrame(text) {
  if (!framed) return;
  const button = document.getElementById("close-widget");
  button.hidden = false;
  button.addEventListener("click", () => tell("close"));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]")) tell("close");
  });
  addEventListener("message", ({ source, data }) => {
    if (source === parent && data?.hotline === "open") text.focus();
  });
  tell("ready");
}
