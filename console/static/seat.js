// The seat's talk: suggestions, knowledge beside it, ready answers, and keys.
(() => {
  const reply = document.querySelector("#text");
  const advice = document.querySelector("[data-advice]");
  const log = document.querySelector("#talk");

  const get = async (address) => {
    const response = await fetch(address, { redirect: "manual", headers: { Accept: "text/html" } });
    if (response.type === "opaqueredirect") location.reload();
    if (!response.ok) throw new Error(String(response.status));
    return response.text();
  };

  // ---- suggestions, anew whenever the talk has grown
  const fill = () => {
    const found = advice.querySelector("[data-advised-type]")?.dataset ?? {};
    for (const field of document.querySelectorAll("[data-advised]")) {
      if (field.dataset.touched) continue;
      const value = found[`advised${field.dataset.advised.replace(/^./, (c) => c.toUpperCase())}`];
      if (value !== undefined) field.value = value;
    }
  };
  const advise = () =>
    get(advice.dataset.advice).then(
      (html) => {
        if (!advice.contains(document.activeElement)) advice.innerHTML = html;
        fill();
      },
      () => {},
    );
  if (advice) {
    advise();
    new MutationObserver(advise).observe(log, { childList: true });
    for (const field of document.querySelectorAll("[data-advised]")) {
      field.addEventListener("input", () => { field.dataset.touched = "yes"; });
    }
  }

  // ---- knowledge
  const search = document.querySelector("[data-knowledge]");
  search?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const place = document.querySelector("#knowledge-found");
    const words = new URLSearchParams(new FormData(search));
    try {
      place.innerHTML = await get(`${search.dataset.knowledge}?${words}`);
    } catch {
      place.textContent = "没有查成，请再试一次。";
    }
  });

  // ---- ready answers
  document.addEventListener("click", (event) => {
    const ready = event.target.closest("[data-ready]");
    if (!ready || !reply) return;
    const written = reply.value.trimEnd();
    reply.value = written ? `${written}\n${ready.dataset.ready}` : ready.dataset.ready;
    reply.focus();
  });
  for (const box of document.querySelectorAll("[data-filter]")) {
    box.addEventListener("input", () => {
      const words = box.value.trim();
      for (const line of document.querySelectorAll(`${box.dataset.filter} > li`)) {
        line.hidden = !line.textContent.includes(words);
      }
    });
  }

  // ---- keys
  const links = () => [...document.querySelectorAll(".waiting a.open")];
  const walk = (step) => {
    const all = links();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)].focus();
  };
  const keys = {
    j: () => walk(1),
    k: () => walk(-1),
    r: () => reply?.focus(),
    "/": () => document.querySelector("#q")?.focus(),
    e: () => {
      const settle = document.querySelector("#settle");
      if (!settle) return;
      settle.open = true;
      settle.querySelector("button").focus();
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && event.target.matches("input, textarea, select")) {
      event.target.blur();
      return;
    }
    if (event.target.closest("textarea, select, dialog[open], input")) return;
    const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!button && !keys[event.key]) return;
    event.preventDefault();
    if (button) button.click();
    else keys[event.key]();
  });
})();
