// The transcript: every message once, in order, with quick replies that retire into text.

import { drawCard } from "./cards.js";
import { element, linked, spokenAt } from "./dom.js";

const SPEAKERS = { citizen: "我", assistant: "智能助手", person: "话务员", system: "系统提示" };

export class Transcript {
  /** `onChoose({value, title})` is called when a quick reply is pressed. */
  constructor(log, scroll, onChoose) {
    this.log = log;
    this.scroll = scroll;
    this.onChoose = onChoose;
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
    const shown = this.bubble(message.speaker, message.text, message.at);
    if (message.speaker === "citizen") {
      this.own.push(message);
      this.retire(message.text);
      this.anchor = shown;
    } else {
      this.attach(shown, message);
    }
    this.log.append(shown);
    this.reveal();
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
    this.reveal(true);
  }

  /** Take a citizen's message of the transcript for the bubble that waits for it. */
  adopt(message) {
    const index = this.waiting.findIndex(({ item }) =>
      message.client_id ? item.client_id === message.client_id : message.id > item.after);
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

  /** A message that was refused will not come back from the line. */
  forget(item) {
    this.waiting = this.waiting.filter((entry) => entry.item.client_id !== item.client_id);
  }

  /** A remark of this page that the line does not know. */
  note(text) {
    this.log.append(this.bubble("system", text, new Date()));
    this.reveal();
  }

  bubble(speaker, text, at) {
    const time = element("time", { datetime: new Date(at || Date.now()).toISOString() }, spokenAt(at || Date.now()));
    const who = element("p", { class: "message-who" }, SPEAKERS[speaker] || SPEAKERS.system, " ", time);
    const body = element("div", { class: "message-body" }, element("p", { class: "message-text" }, ...linked(text || "")));
    return element("div", { class: `message message-${speaker in SPEAKERS ? speaker : "system"}` }, who, body);
  }

  attach(shown, message) {
    const card = drawCard(message.card);
    if (card) shown.append(card);
    const review = message.card?.kind === "review";
    const choices = message.choices?.length ? message.choices : (review && message.card.grades) || [];
    if (!choices.length) return;
    const list = element("ul", { class: review ? "grades" : "message-choices", "aria-label": "可选回复" });
    for (const { title, value } of choices) {
      const name = review ? "grade" : "quick";
      const button = element("button", { type: "button", class: name, onclick: () => this.onChoose({ title, value }) }, title);
      list.append(element("li", {}, button));
    }
    shown.append(review ? element("div", { class: "card" }, list) : list);
    this.live.push({ list, review });
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

  /** Bring news into view, but never the citizen's last words out of it. */
  reveal(own = false) {
    const pageScrolls = getComputedStyle(this.scroll).overflowY === "visible";
    const box = pageScrolls ? document.scrollingElement : this.scroll;
    const bottom = box.scrollHeight - box.clientHeight;
    const reading = bottom - box.scrollTop > box.clientHeight && !own;
    if (reading && !this.restoring) return;
    const top = this.anchor
      ? this.anchor.getBoundingClientRect().top + box.scrollTop - (pageScrolls ? 0 : box.getBoundingClientRect().top) - 8
      : bottom;
    box.scrollTop = this.restoring ? bottom : Math.min(bottom, top);
  }
}
