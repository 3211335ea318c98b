// Building pages from data. Text is always set as text, never as markup.

import { kiosk, mode } from "./mode.js";

/** An element: `properties` are attributes (true: present, false/null: absent) and `on*` handlers. */
export function element(name, properties = {}, ...children) {
  // A kiosk shows no other page; a frame opens them beside itself, since they refuse to be framed.
  const made = document.createElement(kiosk && name === "a" ? "span" : name);
  if (mode === "widget" && name === "a") properties = { target: "_blank", rel: "noopener", ...properties };
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const ADDRESS = /(https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+)/;
const LANDLINE = /(?<![\d-])(0\d{2,3}(?:-\d{3,8}){1,2})(?![\d-])/;

/** Text with web addresses and landline numbers, which never break at the hyphen, made into links. */
export function linked(text) {
  return text.split(ADDRESS).flatMap((part, index) => (index % 2 ? element("a", { href: part }, part) : dialled(part)));
}

function dialled(text) {
  return text.split(LANDLINE).map((part, index) =>
    (index % 2 ? element("a", { class: "number", href: `tel:${part.replaceAll("-", "")}` }, part) : part));
}

/** `address` if it is a page of ours or an ordinary web address, else null. */
export function safeAddress(address) {
  return typeof address === "string" && /^(https?:\/\/|\/(?!\/))/.test(address) ? address : null;
}

const CLOCK = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
const LONG = new Intl.DateTimeFormat("zh-CN", {
  year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit",
  hour12: false, timeZone: "Asia/Shanghai",
});

/** When a message was said: the time, with the date unless it is today. */
export function spokenAt(at) {
  const when = new Date(at);
  if (Number.isNaN(when.getTime())) return "";
  const today = when.toDateString() === new Date().toDateString();
  return (today ? "" : `${when.getMonth() + 1}月${when.getDate()}日 `) + CLOCK.format(when);
}

/** A deadline with date and time as clocks in the city show it. */
export function inCity(at) {
  const when = new Date(at);
  return Number.isNaN(when.getTime()) ? String(at) : LONG.format(when);
}
