// Who answers, and the place in the queue while a person is waited for.

import { call } from "./api.js";

const AGAIN = 8000;

export class Standing {
  /** `show(words, waiting)` is called when the words change. */
  constructor(show) {
    this.show = show;
    this.reset();
  }

  reset() {
    clearTimeout(this.timer);
    this.timer = null;
    this.asking = null;
    this.say("assistant");
  }

  /** Ask for the place now, and again while a person is waited for. */
  async look(talk) {
    clearTimeout(this.timer);
    this.timer = null;
    const asking = {};
    this.asking = asking;
    let found = null;
    try {
      found = await call("GET", `/api/conversations/${talk.id}/waiting`, { token: talk.token });
    } catch { /* not reached: asked again below, what was shown stays */ }
    if (this.asking !== asking) return;
    if (found) this.say(found.owner, found.ahead);
    if (this.owner !== "assistant") this.timer = setTimeout(() => this.look(talk), AGAIN);
  }

  say(owner, ahead = 0) {
    this.owner = owner;
    const words = {
      queue: ahead ? `正在等候人工，前面还有 ${ahead} 位` : "正在等候人工，下一位就是您",
      seat: "正在与话务员对话（人工）",
    }[owner] || "正在与智能助手对话（非人工）";
    if (words === this.words) return;
    this.words = words;
    this.show(words, owner);
  }
}
