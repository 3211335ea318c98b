// Large text (适老化), remembered in this browser; loaded before the page is drawn. Forms go once.
(() => {
  const root = document.documentElement;
  const key = "hotline.text";
  // A kiosk keeps nothing, and its letters are large to begin with.
  const shared = root.dataset.mode === "kiosk";
  const read = () => {
    if (shared) return "large";
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const write = (value) => {
    if (shared) return;
    try { localStorage.setItem(key, value); } catch { /* storage is off: holds for this page */ }
  };
  const apply = (large) => {
    if (large) root.dataset.text = "large";
    else delete root.dataset.text;
  };
  apply(read() === "large");
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("#problems")?.focus();
    for (const form of document.querySelectorAll("form[method='post']")) {
      form.addEventListener("submit", (event) => {
        if (form.dataset.sent) event.preventDefault();
        form.dataset.sent = "yes";
        setTimeout(() => { delete form.dataset.sent; }, 8000);
      });
      addEventListener("pageshow", () => { delete form.dataset.sent; });
    }
    const button = document.querySelector("#text-size");
    if (!button) return;
    const show = () => button.setAttribute("aria-pressed", String(root.dataset.text === "large"));
    button.hidden = false;
    button.addEventListener("click", () => {
      const large = root.dataset.text !== "large";
      apply(large);
      write(large ? "large" : "normal");
      show();
    });
    show();
  });
})();
