// Cards: the drawn part of an answer. An unknown kind draws nothing, since the text says it all.

import { element, inCity, safeAddress } from "./dom.js";

/** The element for `card`, or null. */
export function drawCard(card) {
  const draw = card && KINDS[card.kind];
  return draw ? draw(card) : null;
}

/** "有效期" of an item in words. */
function validity(card) {
  if (card.valid_from && card.valid_to) return `${card.valid_from} 至 ${card.valid_to}`;
  if (card.valid_to) return `至 ${card.valid_to}`;
  return card.valid_from ? `${card.valid_from} 起` : "";
}

function facts(rows) {
  const list = element("dl", { class: "facts" });
  for (const [label, value] of rows) {
    if (value !== "" && value !== null && value !== undefined) {
      list.append(element("dt", {}, label), element("dd", {}, value instanceof Node ? value : String(value)));
    }
  }
  return list;
}

const ENTRIES = { item: ["items", "办事指南全文"], policy: ["policies", "政策全文"], life_event: ["life-events", "全部步骤"] };

/** An item, a policy or a life event with a way to its page. */
function entry(card) {
  const [folder, what] = ENTRIES[card.kind];
  const name = card.name || card.title || card.code;
  return element("div", { class: "card" },
    element("p", { class: "card-title" },
      element("a", { href: safeAddress(card.url) || `/${folder}/${encodeURIComponent(card.code)}` }, `${name}（${what}）`)),
    facts([
      ["实施单位", card.unit_name || card.unit],
      ["版本", card.version ? `第 ${card.version} 版` : ""],
      ["有效期", validity(card)],
    ]));
}

function summary(card) {
  return element("div", { class: "card" },
    element("p", { class: "card-title" }, "请核对以下内容"),
    facts((card.rows || []).map((row) => [row.label, row.value])));
}

/** Everything that was filed at once: each with its own number and code to keep. */
function filed(card) {
  const progress = safeAddress(card.url) || "/progress";
  const title = card.query_code ? "已登记，请保存编号和查询码" : "工单";
  return element("div", { class: "card card-case" },
    element("p", { class: "card-title" }, title),
    ...(card.cases || [card]).map((one) => oneFiled(one, progress)));
}

function oneFiled(one, progress) {
  const copied = element("span", { role: "status" });
  const words = `工单编号 ${one.number}` + (one.query_code ? `，查询码 ${one.query_code}` : "");
  const due = one.due_at ? inCity(one.due_at) + (one.provisional ? "（暂定，以节假日安排公布为准）" : "") : "";
  const separator = progress.includes("?") ? "&" : "?";
  const press = async () => { copied.textContent = (await copy(words)) ? "已复制" : "复制不了，请手工抄下"; };
  return element("div", { class: "filed" },
    facts([
      ["工单编号", element("span", { class: "big number" }, one.number)],
      ["查询码", one.query_code ? element("span", { class: "big code" }, one.query_code) : ""],
      ["状态", one.state_name || one.status || ""],
      ["承办单位", one.unit || ""],
      ["预计答复", due],
    ]),
    element("p", { class: "actions" },
      element("button", { type: "button", class: "button button-small", "aria-label": `复制${words}`, onclick: press },
        one.query_code ? "复制编号和查询码" : "复制编号"),
      element("a", { class: "button button-quiet button-small", href: `${progress}${separator}number=${encodeURIComponent(one.number)}` }, "查进度"),
      copied));
}

function emergency(card) {
  const known = { 110: "报警", 119: "火警", 120: "急救", 122: "交通事故", 12110: "短信报警" };
  const calls = (card.numbers || []).map((entry) => {
    const raw = typeof entry === "string" ? entry : String(entry.number || entry.phone || "");
    const digits = (raw.match(/[\d-]+/) || [""])[0];
    const label = (typeof entry === "object" && (entry.name || entry.label || entry.title)) || raw.replace(digits, "").replace(/[（）()]/g, "") || known[digits];
    if (!digits) return null;
    return element("li", {},
      element("a", { class: "button button-danger call", href: `tel:${digits.replace(/-/g, "")}` },
        "拨打 ", element("b", {}, digits), label ? ` ${label}` : ""));
  });
  return element("div", { class: "card card-emergency" },
    element("p", { class: "card-title" }, card.title ? `${card.title}：请立即拨打` : "请立即拨打"),
    element("ul", {}, ...calls));
}

/** The grades themselves are the message's quick replies; here is the way to the full form. */
function review(card) {
  const address = safeAddress(card.url);
  return address && element("p", { class: "card-more" }, element("a", { href: address }, "打开评价页面（可选标签、写意见）"));
}

function link(card) {
  const address = safeAddress(card.url);
  if (!address) return null;
  return element("div", { class: "card" },
    element("p", { class: "card-title" }, element("a", { href: address }, card.title || address)));
}

const KINDS = { item: entry, policy: entry, life_event: entry, summary, case: filed, emergency, link, review };

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS there is no clipboard interface; the old way still works.
    const box = element("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: "-1" });
    box.value = text;
    const before = document.activeElement;
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    before?.focus({ preventScroll: true });
    return done;
  }
}
