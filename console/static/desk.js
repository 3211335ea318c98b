// Keyboard of the desks: j and k walk the queue, Enter opens (it is a link), / searches.
(() => {
  const links = [...document.querySelectorAll("#queue a.open")];
  const search = document.querySelector("#q");

  const walk = (step) => {
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1);
    links[next].focus();
    links[next].closest("tr").scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, dialog[open]")) return;
    if (event.key === "j") walk(1);
    else if (event.key === "k") walk(-1);
    else if (event.key === "/") {
      search.focus();
      search.select();
    } else return;
    event.preventDefault();
  });
})();
