// The page of one case: what is typed but not sent outlives another form of the page being sent.
(() => {
  const [page] = location.pathname.match(/^\/console\/cases\/[^/]+/) ?? [];
  if (!page) return;
  // Who takes over the screen does not find the words of the one before.
  const who = document.querySelector(".who span")?.textContent ?? "";
  const keyOf = (box) => `console.draft ${who} ${page} ${box.form.getAttribute("action")} ${box.name}`;
  const read = (box) => {
    try { return JSON.parse(sessionStorage.getItem(keyOf(box))); } catch { return null; }
  };
  const write = (box, draft) => {
    try {
      if (draft) sessionStorage.setItem(keyOf(box), JSON.stringify(draft));
      else sessionStorage.removeItem(keyOf(box));
    } catch { /* storage is off or full: as without drafts */ }
  };

  const boxes = [...document.querySelectorAll("form[method='post'] textarea[name]")];
  // A form that did not go through comes back under its own address, with what was typed.
  const refused = document.querySelector("#problems") ? location.pathname : null;
  // What the service put into each box: a draft belongs to that, and not to newer words.
  const bases = new Map();

  for (const box of boxes) {
    const draft = read(box);
    bases.set(box, box.defaultValue);
    if (refused === box.form.getAttribute("action")) {
      bases.set(box, draft?.base ?? "");
      write(box, box.value ? { base: bases.get(box), text: box.value } : null);
    } else if (draft?.sent) {
      write(box, null);
    } else if (draft && draft.base === box.defaultValue) {
      box.value = draft.text;
    }
    box.addEventListener("input", () => {
      const base = bases.get(box);
      write(box, box.value === base ? null : { base, text: box.value });
    });
  }

  // After console.js, which holds a form back to ask or because it is on its way.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    for (const box of boxes.filter(({ form }) => form === event.target)) {
      const draft = read(box);
      if (draft) write(box, { ...draft, sent: true });
    }
  });
})();
