// Where the chat stands: on its page, in a frame of another site, or on a kiosk.

export const mode = document.documentElement.dataset.mode || "page";
export const kiosk = mode === "kiosk";
