// Forms of the knowledge desk: rows come and go, Ctrl+S saves, what is not saved is not left by mistake.
(() => {
  // What only one of several choices needs is there with that choice alone.
  const choose = () => {
    for (const part of document.querySelectorAll("[data-for]")) {
      part.hidden = !document.querySelector(`input[value="${part.dataset.for}"]:checked`);
    }
  };
  document.addEventListener("change", choose);
  choose();

  const form = document.querySelector("#entry-form");
  if (!form) return;
  for (const one of document.querySelectorAll("[data-needs-script]")) one.hidden = false;
  for (const one of document.querySelectorAll("template")) {
    for (const hidden of one.content.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
  }

  let changed = false;
  form.addEventListener("input", () => (changed = true));
  form.addEventListener("submit", () => (changed = false));
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });

  const add = (button) => {
    const section = button.closest("section");
    const rows = section.querySelector("[data-rows]");
    const number = rows.dataset.next++;
    const row = section.querySelector("template").content.cloneNode(true);
    for (const element of row.querySelectorAll("[id], [name], [for]")) {
      for (const name of ["id", "name", "for"]) {
        const value = element.getAttribute(name);
        if (value) element.setAttribute(name, value.replace("__row__", number));
      }
    }
    rows.append(row);
    rows.lastElementChild.querySelector("input, textarea, select").focus();
    changed = true;
  };
  const remove = (button) => {
    const row = button.closest("[data-row]");
    const undo = document.createElement("button");
    undo.type = "button";
    undo.className = "button button-quiet button-small row-undo";
    undo.textContent = "已删除一项，点这里恢复";
    undo.addEventListener("click", () => {
      undo.replaceWith(row);
      row.querySelector("input, textarea, select").focus();
    });
    row.replaceWith(undo);
    undo.focus();
    changed = true;
  };
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-add]")) add(event.target);
    if (event.target.closest("[data-remove]")) remove(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const save = form.querySelector("button[name=next]");
    if (save) form.requestSubmit(save);
  });
})();
