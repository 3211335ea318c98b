// The chat: wires text box, buttons and transcript to the talk.

import { wake } from "./api.js";
import { element } from "./dom.js";
import { news, wireFrame } from "./frame.js";
import { forget, watchKiosk } from "./kiosk.js";
import { wireLeaving } from "./leave.js";
import { kiosk } from "./mode.js";
import { readPicture } from "./picture.js";
import { Standing } from "./standing.js";
import { keep, kept } from "./store.js";
import { Talk } from "./talk.js";
import { Transcript } from "./transcript.js";

const at = (id) => document.getElementById(id);
const text = at("text");
const scroll = at("scroll");
let picture = null;

const transcript = new Transcript(at("log"), scroll, ({ value, title }) => {
  talk.send({ kind: "choice", value, title }, title);
  backToTyping();
}, () => { at("news").hidden = false; });

const talk = new Talk(transcript, {
  showLink(words) {
    const state = at("link-state");
    if (!words) {
      state.replaceChildren();
      return;
    }
    if (state.firstChild?.textContent === words) return;
    const following = transcript.following();
    state.replaceChildren(
      element("span", {}, words),
      element("button", { type: "button", class: "button button-quiet button-small", onclick: wake }, "立即重试"),
    );
    if (following) transcript.reveal();
  },
  showTyping(words) {
    if (at("typing").textContent !== words) at("typing").textContent = words;
    if (words && transcript.following()) transcript.reveal();
  },
  showGone() {
    standing.reset();
    transcript.note("上一段对话已经结束，接下来是新的对话。");
  },
  showResumed() {
    standing.look(talk.talk);
    transcript.note("以上是这个浏览器刚才的对话，可以接着说。不是您的？", "结束并清除", leave);
  },
  heard({ speaker }) {
    if (speaker === "citizen") return;
    news();
    clearTimeout(looking);
    looking = setTimeout(() => { if (talk.talk) standing.look(talk.talk); }, 400);
  },
  changed() {
    at("starters").hidden = talk.started;
    at("end-talk").hidden = !talk.started;
  },
});

const standing = new Standing((words, owner) => {
  at("standing").textContent = words;
  at("standing").parentElement.dataset.owner = owner;
});
let looking = 0;

const leave = wireLeaving(talk, transcript, () => {
  standing.reset();
  setText("");
  showPicture(null);
  if (kiosk) forget(talk);
  else talk.restart();
  text.focus();
});

/** After a button has turned into text: where the keyboard goes on, without opening a phone's. */
function backToTyping() {
  (matchMedia("(pointer: fine)").matches ? text : scroll).focus({ preventScroll: true });
}

function problem(words) {
  at("composer-problem").textContent = words;
}

function fit() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

function setText(words) {
  text.value = words;
  keep("draft", words);
  fit();
}

function sendComposer() {
  problem("");
  const words = text.value.trim();
  if (!words && !picture) {
    problem("请先写点什么，再发送");
    text.focus();
    return;
  }
  if (picture) {
    talk.send({ kind: "image", data: picture.data, name: picture.name }, "（图片）", picture.canvas);
    showPicture(null);
  }
  if (words) talk.send({ kind: "text", text: words }, words);
  setText("");
  text.focus();
}

function showPicture(chosen) {
  picture = chosen;
  if (at("image-file")) at("image-file").value = "";
  at("preview").hidden = !chosen;
  at("preview").replaceChildren();
  if (!chosen) return;
  const remove = () => { showPicture(null); at("image-button").focus(); };
  at("preview").append(
    chosen.canvas,
    element("span", { role: "status" }, `已选图片 ${chosen.name}，按“发送”发出`),
    element("button", { type: "button", class: "button button-quiet button-small", onclick: remove }, "取消"),
  );
}

function sharePlace() {
  problem("");
  at("place-button").disabled = true;
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    at("place-button").disabled = false;
    const latitude = Number(coords.latitude.toFixed(6));
    const longitude = Number(coords.longitude.toFixed(6));
    talk.send({ kind: "location", latitude, longitude, label: "" }, `（位置）${latitude.toFixed(5)},${longitude.toFixed(5)}`);
  }, (error) => {
    at("place-button").disabled = false;
    problem(error.code === error.PERMISSION_DENIED
      ? "没有获得定位许可。可以直接写路名、门牌或小区名。"
      : "暂时定不了位。可以直接写路名、门牌或小区名。");
  }, { enableHighAccuracy: true, timeout: 15_000 });
}

at("composer").addEventListener("submit", (event) => { event.preventDefault(); sendComposer(); });
text.addEventListener("input", () => { keep("draft", text.value); problem(""); fit(); });
text.addEventListener("keydown", (event) => {
  // While an input method composes, Enter picks a word.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    sendComposer();
  }
});
at("person").addEventListener("click", () => talk.send({ kind: "choice", value: "handoff", title: "转人工" }, "转人工"));
at("image-button")?.addEventListener("click", () => at("image-file").click());
at("image-file")?.addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  problem("");
  try {
    showPicture(await readPicture(file));
    at("send").focus();
  } catch (error) {
    showPicture(null);
    problem(error.message);
  }
});
if (at("place-button") && navigator.geolocation && isSecureContext) {
  at("place-button").hidden = false;
  at("place-button").addEventListener("click", sharePlace);
}
at("news").addEventListener("click", () => {
  at("news").hidden = true;
  transcript.toEnd();
  backToTyping();
});
addEventListener("scroll", () => { if (transcript.following()) at("news").hidden = true; }, { capture: true, passive: true });
for (const button of at("starters").querySelectorAll("button")) {
  button.addEventListener("click", () => {
    talk.send({ kind: "text", text: button.textContent }, button.textContent);
    backToTyping();
  });
}

/** Tell the style sheet how much of a scrolling page its head and the text box cover. */
function measure() {
  const covers = (one) => (getComputedStyle(one).position === "sticky" ? one.offsetHeight : 0);
  const masthead = covers(document.querySelector(".masthead"));
  const { style } = document.documentElement;
  style.setProperty("--masthead", `${masthead}px`);
  style.setProperty("--covered-top", `${masthead + covers(at("standing").parentElement)}px`);
  style.setProperty("--covered-bottom", `${covers(at("composer"))}px`);
}

const sizes = new ResizeObserver(measure);
for (const one of [document.body, document.querySelector(".masthead"), at("composer")]) sizes.observe(one);
addEventListener("resize", measure);

at("composer").hidden = false;
at("starters").hidden = false;
wireFrame(text);
if (kiosk) watchKiosk(talk, () => talk.started || text.value !== "");
setText(new URLSearchParams(location.search).get("ask") || kept("draft") || "");
talk.restore();
