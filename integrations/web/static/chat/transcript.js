// The transcript: every message once, in order, with quick replies that retire into text.

import { drawCard } from "./cards.js";
import { element, linked, spokenAt } from "./dom.js";

const GRADES = ["非常不满意", "不满意", "基本满意", "满意", "非常满意"];
const SPEAKERS = { citizen: "我", assistant: "智能助手", person: "话务员", system: "系统提示" };

/** The text without the lines that the summary card beside it shows. */
function beside({ text, card }) {
  if (card?.kind !== "summary" || !text) return text;
  const drawn = new Set((card.rows || []).flatMap(({ label, value }) => `${label}：${value}`.split("\n")));
  return text.split("\n").filter((line) => !drawn.has(line)).join("\n");
}

/** Whether a thumb up or down for an answer: nobody has to press it. */
const isAside = ({ value }) => value.startsWith("feedback:") && value.split(":").length === 2;

/** Whether the line waits for one of its choices. */
const asks = ({ choices }) => (choices || []).some((choice) => !isAside(choice));

export class Transcript {
  /** `onChoose({value, title})`: a quick reply is pressed; `onNews()`: news came out of sight. */
  constructor(log, scroll, onChoose, onNews) {
    this.log = log;
    this.scroll = scroll;
    this.onChoose = onChoose;
    this.onNews = onNews;
    this.reset();
  }

  reset() {
    this.log.replaceChildren();
    this.seen = new Set();
    this.waiting = [];
    this.live = [];
    this.own = [];
    this.owner = "assistant";
    this.anchor = null;
    this.placed = null;
  }

  get empty() {
    return !this.log.childElementCount;
  }

  /** Show a message of the line's transcript, unless it is there already. */
  add(message) {
    if (this.seen.has(message.id)) return;
    this.seen.add(message.id);
    if (message.speaker === "citizen" && this.adopt(message)) return;
    if (message.speaker === "person" || message.speaker === "assistant") this.owner = message.speaker;
    const following = this.following() || (asks(message) && this.box.scrollTop === this.placed);
    const shown = this.bubble(message.speaker, beside(message), message.at);
    if (message.speaker === "citizen") {
      this.own.push(message);
      this.retire(message.text);
      this.anchor = shown;
    } else {
      this.attach(shown, message);
    }
    this.log.append(shown);
    if (following) this.reveal(asks(message));
    else this.onNews();
  }

  /** Show what the citizen just sent, before the line knows of it. */
  addOwn(item, picture = null) {
    this.retire(item.shown);
    const shown = this.bubble("citizen", item.shown, new Date());
    if (picture) shown.querySelector(".message-body").append(picture);
    const state = element("p", { class: "message-state" });
    shown.append(state);
    this.waiting.push({ item, shown, state });
    this.anchor = shown;
    this.log.append(shown);
    this.reveal();
  }

  /** Take a citizen's message of the transcript for the bubble that waits for it. */
  adopt(message) {
    const index = this.waiting.findIndex(({ item, refused }) =>
      !refused && (message.client_id ? item.client_id === message.client_id : message.id > item.after));
    if (index < 0) return false;
    const [{ shown, state }] = this.waiting.splice(index, 1);
    shown.classList.remove("message-failed");
    state.textContent = "";
    return true;
  }

  /** Say under an own message how its sending goes; `retry` adds a button. */
  mark(item, text, { failed = false, retry = null } = {}) {
    const own = this.waiting.find((entry) => entry.item.client_id === item.client_id);
    if (!own) return;
    own.shown.classList.toggle("message-failed", failed);
    own.state.replaceChildren(text);
    if (retry) own.state.append(element("button", { type: "button", class: "button button-quiet button-small", onclick: retry }, "重试"));
  }

  /** A refused message will not come back from the line, unless it is sent again. */
  setRefused(item, refused) {
    const index = this.waiting.findIndex((entry) => entry.item.client_id === item.client_id);
    if (index < 0) return;
    const [entry] = this.waiting.splice(index, 1);
    this.waiting.push({ ...entry, refused });
  }

  /** A remark of this page that the line does not know, with a button when `press` is given. */
  note(text, label = "", press = null) {
    const shown = this.bubble("system", text, new Date());
    if (press) shown.append(element("button", { type: "button", class: "button button-quiet button-small", onclick: press }, label));
    this.log.append(shown);
    this.reveal();
  }

  /** The talk as plain text, for keeping. */
  asText() {
    const said = [...this.log.children].map((one) => {
      const at = new Date(one.querySelector("time").dateTime).toLocaleString("zh-CN");
      return `[${at}] ${one.querySelector("b").textContent}：${one.querySelector(".message-text").textContent}`;
    });
    return ["12345 政务服务便民热线 对话记录", ...said, ""].join("\n\n");
  }

  bubble(speaker, text, at) {
    const time = element("time", { datetime: new Date(at || Date.now()).toISOString() }, spokenAt(at || Date.now()));
    const who = element("p", { class: "message-who" }, element("b", {}, SPEAKERS[speaker] || SPEAKERS.system), " ", time);
    const body = element("div", { class: "message-body" }, element("p", { class: "message-text" }, ...linked(text || "")));
    return element("div", { class: `message message-${speaker in SPEAKERS ? speaker : "system"}` }, who, body);
  }

  attach(shown, message) {
    const card = drawCard(message.card);
    const review = message.card?.kind === "review";
    const choices = message.choices || [];
    if (card && !review) shown.append(card);
    if (choices.length) {
      const list = element("ul", { class: review ? "grades" : "message-choices", "aria-label": "可选回复" });
      for (const choice of choices) list.append(element("li", {}, this.quick(choice, review)));
      shown.append(review ? element("div", { class: "card" }, list, card) : list);
      this.live.push({ list, review });
    } else if (card && review) shown.append(card);
  }

  quick({ title, value }, review) {
    const press = () => this.onChoose({ title, value });
    const aside = isAside({ value });
    if (!review) return element("button", { type: "button", class: aside ? "quick quick-aside" : "quick", onclick: press }, title);
    const level = GRADES.indexOf(title) + 1;
    const bars = level ? element("span", { class: `bars bars-${level}`, "aria-hidden": "true" }, ...Array.from({ length: 5 }, () => element("i"))) : "";
    return element("button", { type: "button", class: "grade", onclick: press }, bars, title);
  }

  /** Quick replies before a citizen's message become text; the one that was said stays marked. */
  retire(said) {
    for (const { list, review } of this.live) {
      list.setAttribute("aria-label", "当时可选的回复");
      for (const button of list.querySelectorAll("button")) {
        const chosen = button.textContent === said;
        const look = review ? `grade ${chosen ? "grade-chosen" : "grade-left"}` : `used${chosen ? " used-chosen" : ""}`;
        button.replaceWith(element("span", { class: look },
          chosen ? element("span", { class: "visually-hidden" }, "已选：") : "", button.textContent));
      }
    }
    this.live = [];
  }

  get box() {
    return getComputedStyle(this.scroll).overflowY === "visible" ? document.scrollingElement : this.scroll;
  }

  /** Whether the citizen is at the end of the talk and not reading further up. */
  following() {
    const { box } = this;
    return this.restoring || box.scrollHeight - box.clientHeight - box.scrollTop < 120;
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
  }

  /** Bring news into view, but never the citizen's last words out of it, unless `asked` to choose. */
  reveal(asked = false) {
    const { box } = this;
    const bottom = box.scrollHeight - box.clientHeight;
    if (asked || this.restoring || !this.anchor) {
      box.scrollTop = bottom;
    } else {
      const frame = box === this.scroll
        ? box.getBoundingClientRect().top
        : parseFloat(getComputedStyle(box).scrollPaddingTop) || 0;
      const top = this.anchor.getBoundingClientRect().top - frame + box.scrollTop - 8;
      box.scrollTop = Math.min(bottom, top);
    }
    this.placed = box.scrollTop;
  }
}
