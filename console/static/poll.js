// Keeps the seat's pages current: every five seconds, while somebody looks at them.
(() => {
  const EVERY = 5000;
  const state = document.querySelector("[data-poll-state]");
  const normal = state?.textContent;
  const list = document.querySelector("[data-renew]");
  const log = document.querySelector("[data-append]");
  let shown = null;

  const get = async (address) => {
    const response = await fetch(address, { redirect: "manual", headers: { Accept: "text/html" } });
    if (response.type === "opaqueredirect") location.reload(); // logged out: to the log-in page
    if (!response.ok) throw new Error(String(response.status));
    const talk = response.headers.get("X-Talk");
    if (talk && log.dataset.talk && talk !== log.dataset.talk) changed();
    return response.text();
  };

  // Somebody else has the talk, or its call goes on in another way: nothing that is typed is lost.
  const changed = () => {
    const fields = "textarea, input:not([type=hidden], [data-advised]:not([data-touched]))";
    const typed = [...document.querySelectorAll(fields)].some((field) => field.value !== field.defaultValue || field === document.activeElement);
    if (typed) document.querySelector("#talk-changed").hidden = false;
    else location.assign(log.dataset.append.replace(/\/lines$/, ""));
  };

  const renew = async () => {
    const html = await get(list.dataset.renew);
    if (html === shown) return;
    shown = html;
    const focused = list.contains(document.activeElement) ? document.activeElement.id : "";
    list.innerHTML = html;
    if (focused) document.getElementById(focused)?.focus();
  };

  const append = async () => {
    const html = await get(`${log.dataset.append}?after=${log.dataset.after}`);
    if (!html.trim()) return;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    for (const line of [...fresh.content.children]) {
      const later = [...log.children].find((one) => Number(one.dataset.at) > Number(line.dataset.at));
      log.insertBefore(line, later ?? null);
      log.dataset.after = Math.max(log.dataset.after, line.dataset.id);
    }
    document.querySelector("#talk-empty")?.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  };

  const say = (text) => {
    if (state && state.textContent !== text) state.textContent = text;
  };

  const tick = async () => {
    if (!document.hidden) {
      try {
        if (list) await renew();
        if (log) await append();
        say(normal);
      } catch {
        say("连接中断，正在重试；页面内容可能不是最新的。");
      }
    }
    setTimeout(tick, EVERY);
  };

  if (log) log.scrollTop = log.scrollHeight;
  setTimeout(tick, EVERY);
})();
