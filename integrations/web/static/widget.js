// One script tag puts the hotline's chat on a page: <script src="https://…/widget.js" async></script>
// Nothing inline: the style is a constructed sheet in a shadow root, so a strict policy of the page
// needs to allow this script (script-src) and the chat's frame (frame-src), nothing else.
(() => {
  const script = document.currentScript;
  if (!script || document.querySelector("[data-hotline]")) return;
  const line = new URL(script.src).origin;
  const NAME = "12345 热线";

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; }
    [hidden] { display: none !important; }
    button, a { font: 600 16px/1.3 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
    :focus-visible { outline: 3px solid #b05e00; outline-offset: 2px; }
    .open { position: fixed; right: 16px; bottom: 16px; z-index: 2147483000; min-height: 48px; max-width: calc(100vw - 32px);
      padding: 8px 20px; color: #fff; background: #0b4f5c; border: 2px solid #fff; border-radius: 28px; cursor: pointer; }
    .open:hover { background: #073943; }
    .news { margin-left: 8px; padding: 1px 8px; border-radius: 10px; color: #16272c; background: #ffc24b; }
    .panel { position: fixed; right: 16px; bottom: 16px; z-index: 2147483001; box-sizing: border-box; display: flex; flex-direction: column;
      width: 400px; height: min(640px, calc(100vh - 32px)); background: #fff; border: 1px solid #71858a; border-radius: 12px;
      overflow: hidden; box-shadow: 0 8px 30px rgb(7 57 67 / 30%); }
    iframe { flex: 1; width: 100%; border: 0; }
    .aside { display: flex; align-items: center; justify-content: space-between; gap: 8px; padding: 8px; background: #fff3d6; }
    .aside a { color: #0b4f5c; }
    .aside button { min-height: 44px; padding: 4px 12px; color: #0b4f5c; background: #fff; border: 1px solid #71858a; border-radius: 8px; cursor: pointer; }
    @media (max-width: 480px), (max-height: 480px) { .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; } }
    @media print { .open, .panel { display: none; } }
  `);

  const make = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const news = make("span", { className: "news", hidden: true, textContent: "有新消息" });
  const button = make("button", { type: "button", className: "open" }, `${NAME}在线咨询`, news);
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-haspopup", "dialog");
  const fold = make("button", { type: "button", textContent: "收起" });
  const elsewhere = make("a", { href: `${line}/`, target: "_blank", rel: "noopener", textContent: "打不开？在新窗口咨询" });
  const aside = make("div", { className: "aside", hidden: true }, elsewhere, fold);
  const panel = make("div", { className: "panel", hidden: true }, aside);
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", `${NAME}在线咨询窗口`);
  let frame = null;
  let patience = null;

  const say = (hotline) => frame.contentWindow?.postMessage({ hotline }, line);
  const open = () => {
    panel.hidden = false;
    button.hidden = true;
    news.hidden = true;
    button.setAttribute("aria-expanded", "true");
    if (!frame) {
      frame = make("iframe", { src: `${line}/widget`, title: `${NAME}在线咨询`, allow: "geolocation; clipboard-write" });
      panel.append(frame);
      // A frame that a policy refuses stays silent: then there is a way out of it.
      patience = setTimeout(() => { aside.hidden = false; }, 8000);
    } else say("open");
    frame.focus();
  };
  const close = () => {
    panel.hidden = true;
    button.hidden = false;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  };
  button.addEventListener("click", open);
  fold.addEventListener("click", close);
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== line) return;
    if (data?.hotline === "ready") {
      clearTimeout(patience);
      aside.hidden = true;
      if (!panel.hidden) say("open");
    }
    if (data?.hotline === "close") close();
    if (data?.hotline === "news" && panel.hidden) news.hidden = false;
  });

  const host = document.createElement("div");
  host.dataset.hotline = "";
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.append(button, panel);
  const place = () => document.body.append(host);
  if (document.body) place();
  else addEventListener("DOMContentLoaded", place);
})();
