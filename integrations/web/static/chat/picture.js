// A picture before it is sent: checked, and drawn small for the citizen to see.

import { element } from "./dom.js";

export const LIMIT = 5 * 1024 * 1024;
const SIDE = 240;

const SIGNATURES = [
  ["image/jpeg", (b) => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff],
  ["image/png", (b) => b[0] === 0x89 && b[1] === 0x50 && b[2] === 0x4e && b[3] === 0x47],
  ["image/webp", (b) => String.fromCharCode(...b.slice(0, 4), ...b.slice(8, 12)) === "RIFFWEBP"],
];

/** Read a chosen file; gives {data, name, canvas}. Throws Error with a sentence for the citizen. */
export async function readPicture(file) {
  if (file.size > LIMIT) throw new Error("图片超过 5 MB，请换一张小一些的，或者截图后再发");
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!SIGNATURES.some(([, fits]) => fits(bytes))) throw new Error("只能发送 JPEG、PNG 或 WebP 图片");
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes]));
  } catch {
    throw new Error("这张图片打不开，请换一张");
  }
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = element("canvas", { class: "message-picture", role: "img", "aria-label": `图片：${file.name}` });
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return { data: base64(bytes), name: file.name.slice(-200), canvas };
}

function base64(bytes) {
  let binary = "";
  for (let start = 0; start < bytes.length; start += 32768) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 32768));
  }
  return btoa(binary);
}
