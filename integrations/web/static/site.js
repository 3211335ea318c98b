// Large text (适老化), remembered in this browser. Loaded before the page is drawn.
(() => {
  const root = document.documentElement;
  const key = "hotline.text";
  const read = () => {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const write = (value) => {
    try { localStorage.setItem(key, value); } catch { /* storage is off: holds for this page */ }
  };
  const apply = (large) => {
    if (large) root.dataset.text = "large";
    else delete root.dataset.text;
  };
  apply(read() === "large");
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("#problems")?.focus();
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
