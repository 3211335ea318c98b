// The case's form beside a talk that goes on: what is said fills the fields that nobody has typed in.
(() => {
  const form = document.querySelector("[data-filled-from]");
  const log = document.querySelector("[data-append]");
  // Who takes over the screen does not find the words of the one before.
  const who = document.querySelector(".who span")?.textContent ?? "";
  const kept = `console.case ${who} ${form.dataset.filledFrom}`;
  const names = ["detail", "place", "since", "name", "phone", "on_behalf_of"];
  const fields = names.map((name) => form.elements[name]);

  // What was typed stays typed when the seat looks at the talk and comes back.
  const read = () => {
    try { return JSON.parse(sessionStorage.getItem(kept)) ?? {}; } catch { return {}; }
  };
  const typed = read();
  const keep = () => {
    try { sessionStorage.setItem(kept, JSON.stringify(typed)); } catch { /* as without it */ }
  };
  const sent = location.pathname === form.getAttribute("action") && document.querySelector("#understood, #problems");
  for (const field of fields) {
    if (sent) {
      // The form came back with what was sent: all of it was checked by the seat.
      typed[field.name] = field.value;
    } else if (field.name in typed) {
      field.value = typed[field.name];
    }
    field.addEventListener("input", () => { typed[field.name] = field.value; keep(); });
  }
  if (sent) keep();
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "file") return;
    try { sessionStorage.removeItem(kept); } catch { /* nothing was kept */ }
  });

  const fill = async () => {
    const response = await fetch(form.dataset.filledFrom, { headers: { Accept: "application/json" } });
    if (!response.ok) return;
    const found = await response.json();
    for (const field of fields) {
      if (!(field.name in typed) && found[field.name]) field.value = found[field.name];
    }
  };
  new MutationObserver(() => fill().catch(() => {})).observe(log, { childList: true });
})();
