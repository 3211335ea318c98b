// The page of one case: beginnings of answers, and a few keys.
(() => {
  for (const one of document.querySelectorAll("[data-needs-script]")) one.hidden = false;

  for (const select of document.querySelectorAll("[data-insert]")) {
    const box = document.getElementById(select.dataset.insert);
    select.addEventListener("change", () => {
      if (!select.value) return;
      const written = box.value.trimEnd();
      box.value = written ? `${written}\n${select.value}` : select.value;
      select.value = "";
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
      // What stands in brackets is to be replaced: the first one is selected to be typed over.
      const open = box.value.indexOf("【", written.length);
      if (open >= 0) box.setSelectionRange(open, box.value.indexOf("】", open) + 1);
    });
  }

  // d dispatch, a answer, h history; Escape leaves a field.
  const targets = {
    d: "#dispatch-unit, #designate-unit, #reassign-unit",
    a: "#answer-citizen_answer",
    h: "#history",
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && event.target.matches("input, textarea, select")) {
      event.target.blur();
      return;
    }
    if (event.target.closest("input, textarea, select, dialog[open]")) return;
    const found = targets[event.key] && document.querySelector(targets[event.key]);
    if (!found) return;
    const folded = found.closest("details");
    if (folded) folded.open = true;
    found.scrollIntoView({ block: "center" });
    if (found.matches("input, textarea")) found.focus();
    event.preventDefault();
  });

  // The field that a button fills may stand in a folded form.
  for (const button of document.querySelectorAll("[data-fill]")) {
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.fill);
      const folded = field.closest("details");
      if (folded) folded.open = true;
      field.focus();
    });
  }

  document.querySelector("[data-print]")?.addEventListener("click", () => print());

  // A problem beside a field: open what it stands in.
  document.querySelector(".field-problem")?.closest("details")?.setAttribute("open", "");
})();
