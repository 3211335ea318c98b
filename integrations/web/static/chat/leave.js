// The end of a talk: a grade for it, a transcript to keep, and forgetting it on this device.

import { element } from "./dom.js";
import { end, rate } from "./session.js";

// 不满意 and 非常不满意 are asked for a reason.
const MOST_BAD = 2;
const at = (id) => document.getElementById(id);

/** Wire the dialog. `talk` is the Talk, `transcript` its Transcript; `onEnd()` after forgetting. */
export function wireLeaving(talk, transcript, onEnd) {
  const dialog = at("leave");
  const said = at("leave-said");
  // What was pressed in one talk is nobody's business in the next, which may be somebody else's.
  let graded;
  const open = () => {
    said.textContent = "";
    if (graded !== talk.talk?.id) forget();
    graded = talk.talk?.id;
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
  at("why").addEventListener("submit", (event) => {
    event.preventDefault();
    explain(talk.talk, said);
  });
  return open;
}

function forget() {
  at("why").hidden = true;
  at("why").reset();
  for (const button of at("rating").querySelectorAll("button")) button.removeAttribute("aria-pressed");
}

async function grade(talk, value, said) {
  if (!talk) return;
  try {
    await rate(talk, value);
    for (const button of at("rating").querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(Number(button.value) === value));
    }
    said.textContent = "谢谢您的评价。";
    // The grade is kept already: whoever does not want to say why just goes on.
    at("why").hidden = value > MOST_BAD;
  } catch (problem) {
    said.textContent = problem.message || "现在连不上，请稍后再评。";
  }
}

async function explain(talk, said) {
  const form = at("why");
  const reasons = [...form.querySelectorAll("input:checked")].map((box) => box.value);
  const text = at("why-text").value.trim();
  if (!reasons.length && !text) {
    said.textContent = "请选一个原因，或者写一句；不想说也可以直接结束。";
    return;
  }
  const grade = Number(at("rating").querySelector('[aria-pressed="true"]').value);
  try {
    await rate(talk, grade, { reasons, text });
    form.hidden = true;
    form.reset();
    said.textContent = "谢谢，原因已经记下。";
  } catch (problem) {
    said.textContent = problem.message || "现在连不上，请稍后再提交，您写的还在。";
  }
}

function save(text) {
  // The mark at the beginning tells old editors that this is UTF-8.
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/plain;charset=utf-8" }));
  const day = new Date().toLocaleDateString("sv-SE");
  element("a", { href: address, download: `12345对话记录-${day}.txt` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
