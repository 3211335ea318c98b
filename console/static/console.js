// Every page of the console: asks before what cannot be undone, sends a form once, tidies the address.
(() => {
  const dialog = document.querySelector("#confirm");
  let waiting = null;

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && dialog && form !== waiting?.form) {
      event.preventDefault();
      waiting = { form, button: event.submitter };
      dialog.querySelector("#confirm-text").textContent = form.dataset.confirm;
      const yes = dialog.querySelector("#confirm-yes");
      yes.textContent = event.submitter?.textContent.trim() || "确定";
      dialog.showModal();
      dialog.querySelector("#confirm-no").focus();
      return;
    }
    if (form.method === "post") {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    }
    // Who leaves takes along what was typed and not sent.
    if (form.getAttribute("action") === "/console/logout") {
      for (const key of Object.keys(sessionStorage)) {
        if (key.startsWith("console.draft ")) sessionStorage.removeItem(key);
      }
    }
  });

  dialog?.querySelector("#confirm-yes").addEventListener("click", () => {
    dialog.close("yes");
    waiting.form.requestSubmit(waiting.button);
  });
  dialog?.querySelector("#confirm-no").addEventListener("click", () => dialog.close());
  dialog?.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") waiting = null;
    dialog.returnValue = "";
  });

  // A page that comes back from the browser's history can be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
    waiting = null;
  });

  for (const button of document.querySelectorAll("[data-fill]")) {
    button.addEventListener("click", () => {
      const input = document.getElementById(button.dataset.fill);
      input.value = button.dataset.value;
      input.focus();
    });
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const input = document.getElementById(button.dataset.copy);
      input.select();
      try {
        await navigator.clipboard.writeText(input.value);
        button.textContent = "已复制";
      } catch {
        // Without TLS there is no clipboard interface; the old way still works.
        button.textContent = document.execCommand("copy") ? "已复制" : "请按 Ctrl+C 复制";
      }
    });
  }

  // Back to the list as it was: its tab, search and page stand in its address.
  const back = document.querySelector("[data-back]");
  if (back && document.referrer) {
    const from = new URL(document.referrer);
    const listed = /^\/console\/(dispatch|unit|reviews)$/.test(from.pathname);
    if (from.origin === location.origin && listed) sessionStorage.setItem("console.list", from.href);
    back.href = sessionStorage.getItem("console.list") ?? back.href;
  }

  document.querySelector("#problems")?.focus();

  for (const box of document.querySelectorAll("[data-submit-on-ctrl-enter]")) {
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) box.form.requestSubmit();
    });
  }

  // What was just done is said once: a reload does not say it again.
  if (document.querySelector("[data-once]")) {
    const address = new URL(location.href);
    address.searchParams.delete("done");
    history.replaceState(null, "", address);
  }
})();
