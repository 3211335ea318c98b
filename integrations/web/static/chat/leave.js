// The end of a talk: a grade for it, a transcript to keep, and forgetting it on this device.

import { element } from "./dom.js";
import { end, rate } from "./session.js";

const at = (id) => document.getElementById(id);

/** Wire the dialog. `talk` is the Talk, `transcript` its Transcript; `onEnd()` after forgetting. */
export function wireLeaving(talk, transcript, onEnd) {
  const dialog = at("leave");
  const said = at("leave-said");
  const open = () => {
    said.textContent = "";
    dialog.showModal();
  };
  at("end-talk").addEventListener("click", open);
  at("stay").addEventListener("click", () => dialog.close());
  at("save-talk")?.addEventListener("click", () => save(transcript.asText()));
  at("print-talk")?.addEventListener("click", () => { dialog.close(); print(); });
  at("leave-talk").addEventListener("click", async () => {
    try {
      if (talk.talk) await end(talk.talk);
    } catch (problem) {
      if (!problem.gone) {
        said.textContent = "现在连不上，还没有清除。请连上网络后再点一次。";
        return;
      }
    }
    dialog.close();
    onEnd();
  });
  for (const button of at("rating").querySelectorAll("button")) {
    button.addEventListener("click", () => grade(talk.talk, Number(button.value), said));
  }
  return open;
}

async function grade(talk, value, said) {
  if (!talk) return;
  try {
    await rate(talk, value);
    for (const button of at("rating").querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(Number(button.value) === value));
    }
    said.textContent = "谢谢您的评价。";
  } catch (problem) {
    said.textContent = problem.message || "现在连不上，请稍后再评。";
  }
}

function save(text) {
  // The mark at the beginning tells old editors that this is UTF-8.
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/plain;charset=utf-8" }));
  const day = new Date().toLocaleDateString("sv-SE");
  element("a", { href: address, download: `12345对话记录-${day}.txt` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
