// One talk with the line: what waits to be sent, what came back, and surviving every interruption.

import { backoff, call, newId, pause, Refused, Unreachable, wake } from "./api.js";
import { catchUp, follow } from "./events.js";
import { begin, resume } from "./session.js";
import { keep, kept, drop } from "./store.js";

const LOST = "网络断开，正在重新连接。没发出的会自动重发。";

export class Talk {
  /**
   * `view`: showLink(text|null), showTyping(text), showGone(), showResumed(), heard(message), changed().
   */
  constructor(transcript, view) {
    this.transcript = transcript;
    this.view = view;
    this.talk = null;
    this.outbox = [];
    this.position = { last: 0 };
    this.trouble = new Map();
    this.sending = false;
    this.restoring = false;
    this.stop = null;
  }

  get started() {
    return Boolean(this.talk) || this.outbox.length > 0;
  }

  /** Take up the talk of this browser where it was. */
  async restore() {
    const unsent = kept("outbox") || [];
    this.outbox = [...unsent];
    this.restoring = true;
    this.view.changed();
    this.transcript.log.setAttribute("aria-busy", "true");
    this.transcript.restoring = true;
    for (let tries = 0; ; tries += 1) {
      try {
        this.talk = await resume();
        if (this.talk) await catchUp(this.talk, this.position, (message) => this.receive(message));
        break;
      } catch (problem) {
        if (problem instanceof Refused) {
          if (this.talk) this.lose();
          break;
        }
        this.setTrouble("listen", LOST);
        await pause(backoff(tries));
      }
    }
    if (this.talk) this.view.showResumed();
    this.view.changed();
    this.setTrouble("listen", null);
    this.transcript.restoring = false;
    this.transcript.log.removeAttribute("aria-busy");
    const known = [...this.transcript.own];
    const before = new Set(unsent);
    for (const item of this.outbox.filter((one) => before.has(one))) {
      // Stored by the line, but its answer was cut off: asking again fetches the answer.
      const arrived = known.findIndex((own) => own.id > item.after && own.text === item.shown);
      if (arrived >= 0) known.splice(arrived, 1);
      else this.transcript.addOwn(item);
    }
    this.restoring = false;
    if (this.talk) this.listen();
    this.pump();
  }

  /** Send one input; `shown` is how it stands in the transcript. */
  send(input, shown, picture = null) {
    const item = { client_id: newId(), input, shown, after: this.position.last };
    this.outbox.push(item);
    this.transcript.addOwn(item, picture);
    this.remember();
    this.view.changed();
    this.pump();
  }

  /** Leave this talk for a new one. */
  restart() {
    this.stop?.abort();
    this.talk = null;
    this.outbox = [];
    this.position = { last: 0 };
    this.trouble.clear();
    drop("outbox");
    this.transcript.reset();
    this.showTrouble();
    this.view.showTyping("");
    this.view.changed();
    wake();
  }

  async pump() {
    if (this.sending || this.restoring) return;
    this.sending = true;
    let tries = 0;
    while (this.outbox.length) {
      const item = this.outbox[0];
      try {
        this.view.showTyping(this.transcript.owner === "person" ? "" : "智能助手正在回复");
        await this.ensureTalk(item.shown);
        const answer = await call("POST", `/api/conversations/${this.talk.id}/turns`, {
          token: this.talk.token,
          body: { client_id: item.client_id, input: item.input },
        });
        if (this.outbox[0] !== item) continue;
        this.done(item, answer);
        tries = 0;
      } catch (problem) {
        this.view.showTyping("");
        if (this.outbox[0] !== item) continue;
        if (problem instanceof Unreachable) {
          this.setTrouble("send", LOST);
          this.transcript.mark(item, "还没发出，会自动重发", { retry: wake });
          await pause(backoff(tries));
          tries += 1;
        } else if (problem instanceof Refused && problem.gone && this.talk) {
          this.lose();
        } else if (problem instanceof Refused) {
          this.refused(item, problem.message);
        } else {
          this.sending = false;
          throw problem;
        }
      }
    }
    this.view.showTyping("");
    this.sending = false;
  }

  async ensureTalk(words) {
    if (this.talk) return;
    this.talk = await begin(words);
    this.view.changed();
    this.listen();
  }

  done(item, answer) {
    this.outbox.shift();
    this.remember();
    this.setTrouble("send", null);
    this.transcript.mark(item, "");
    const ids = answer.message_ids || [];
    (answer.replies || []).forEach((reply, index) => {
      if (ids[index] !== undefined) {
        const message = { speaker: "assistant", at: new Date().toISOString(), ...reply, id: ids[index] };
        this.transcript.add(message);
        this.view.heard(message);
      }
    });
    this.view.changed();
  }

  refused(item, message) {
    this.outbox.shift();
    this.remember();
    this.setTrouble("send", null);
    const again = () => {
      this.outbox.push(item);
      this.remember();
      this.transcript.setRefused(item, false);
      this.transcript.mark(item, "正在重发…");
      this.pump();
    };
    this.transcript.setRefused(item, true);
    this.transcript.mark(item, message, { failed: true, retry: again });
  }

  /** The line no longer knows this talk: what is unsent goes into a new one. */
  lose() {
    this.stop?.abort();
    this.talk = null;
    this.position = { last: 0 };
    this.outbox.forEach((item) => { item.after = 0; });
    this.view.showGone();
  }

  receive(message) {
    if (typeof message.id !== "number") return;
    this.position.last = Math.max(this.position.last, message.id);
    if (message.speaker !== "citizen") this.view.showTyping("");
    this.transcript.add(message);
    if (!this.restoring) this.view.heard(message);
  }

  listen() {
    this.stop?.abort();
    this.stop = new AbortController();
    const { signal } = this.stop;
    follow(this.talk, this.position, {
      signal,
      onMessage: (message) => { if (!signal.aborted) this.receive(message); },
      onLink: (up) => { if (!signal.aborted) this.setTrouble("listen", up ? null : LOST); },
      onGone: () => { if (!signal.aborted) this.lose(); },
    });
  }

  setTrouble(source, text) {
    if (text) this.trouble.set(source, text);
    else this.trouble.delete(source);
    this.showTrouble();
  }

  showTrouble() {
    this.view.showLink(this.trouble.get("send") || this.trouble.get("listen") || null);
  }

  remember() {
    // Pictures may be too large for the store; words always fit.
    if (!keep("outbox", this.outbox)) keep("outbox", this.outbox.filter(({ input }) => input.kind !== "image"));
  }
}
