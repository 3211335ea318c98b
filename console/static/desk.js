// The desks: the queue stays current, and can be worked without a mouse.
(() => {
  const search = document.querySelector("#q");
  const live = document.querySelector("#live");
  const state = document.querySelector("#live-state");
  const normal = state?.textContent;

  const links = () => [...document.querySelectorAll("#queue a.open")];
  const boxes = () => [...document.querySelectorAll('#queue input[name="cases"][type="checkbox"]')];
  const row = () => document.activeElement?.closest("tr");

  // ---- choosing several
  const count = () => {
    const move = document.querySelector("#move");
    if (!move) return;
    const chosen = boxes().filter((box) => box.checked).length;
    move.hidden = !chosen;
    document.querySelector("#move-count").textContent = chosen;
  };
  document.addEventListener("change", (event) => {
    if (event.target.id === "tick-all") {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    if (event.target.closest("#queue")) count();
  });

  // ---- staying current
  const renew = async () => {
    const address = live.dataset.live;
    const response = await fetch(address, {
      redirect: "manual",
      headers: { Accept: "text/html", "X-Part": "queue" },
    });
    if (response.type === "opaqueredirect") location.reload(); // logged out
    if (!response.ok) throw new Error(String(response.status));
    const html = await response.text();
    const unit = document.querySelector("#move-unit");
    // Nothing is taken from under the hands of somebody who types or has chosen.
    if (live.contains(document.activeElement) && document.activeElement === unit) return;
    if (boxes().some((box) => box.checked)) return;
    const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
    live.innerHTML = html;
    if (focused) document.getElementById(focused)?.focus();
  };
  let waiting = false;
  const soon = () => {
    if (waiting || document.hidden) {
      waiting = true;
      return;
    }
    renew().then(
      () => say(normal),
      () => say("连接中断，正在重试；列表可能不是最新的。"),
    );
  };
  const say = (text) => {
    if (state && state.textContent !== text) state.textContent = text;
  };
  if (live) {
    const source = new EventSource("/console/live");
    source.addEventListener("changed", soon);
    source.addEventListener("open", () => say(normal));
    source.addEventListener("error", () => say("连接中断，正在重试；列表可能不是最新的。"));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden || !waiting) return;
      waiting = false;
      soon();
    });
    window.addEventListener("pagehide", () => source.close());
  }

  // ---- keyboard
  const walk = (step) => {
    const all = links();
    if (!all.length) return;
    const at = all.findIndex((link) => link.closest("tr") === row());
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
    all[next].focus();
    all[next].closest("tr").scrollIntoView({ block: "nearest" });
  };
  const keys = {
    j: () => walk(1),
    k: () => walk(-1),
    "/": () => {
      search?.focus();
      search?.select();
    },
    x: () => row()?.querySelector('input[name="cases"][type="checkbox"]')?.click(),
    d: () => row()?.querySelector("[data-propose]")?.click(),
    u: () => document.querySelector("[data-undo]")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("textarea, select, dialog[open], input:not([type=checkbox])")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
