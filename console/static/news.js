// On every page of seats and supervisors: alarms ring until one is answered, and the title counts.
(() => {
  const EVERY = 4000;
  const place = document.querySelector("#news");
  if (!place) return;
  const title = document.title;
  let shown = "";
  let audio = null;
  let bell = null;

  // A browser lets a page sound only after somebody has touched it.
  const open = () => {
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume().then(tell, tell);
    else tell();
  };
  const blocked = () => !audio || audio.state !== "running";
  const tell = () => {
    const line = place.querySelector("[data-sound]");
    if (line) line.hidden = !blocked();
  };

  const beep = () => {
    if (blocked()) return;
    for (const [after, pitch] of [[0, 880], [0.25, 660]]) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const from = audio.currentTime + after;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.25, from);
      volume.gain.exponentialRampToValueAtTime(0.001, from + 0.22);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.23);
    }
  };

  const ring = (ringing) => {
    if (ringing && !bell) {
      try { open(); } catch { tell(); }
      bell = setInterval(beep, 1200);
    } else if (!ringing && bell) {
      clearInterval(bell);
      bell = null;
    }
    tell();
  };

  const renew = async () => {
    const response = await fetch(place.dataset.news, { redirect: "manual", headers: { Accept: "text/html" } });
    if (response.type === "opaqueredirect") location.reload(); // logged out
    if (!response.ok) return;
    const html = await response.text();
    const page = new DOMParser().parseFromString(html, "text/html");
    const state = page.querySelector(".news-state").dataset;
    const [ringing, calls, unread, waiting] =
      [state.ringing, state.calls, state.unread, state.waiting].map(Number);
    if (html !== shown && !place.contains(document.activeElement)) {
      shown = html;
      place.innerHTML = ringing || calls ? html : "";
    }
    const marks = [ringing && "告警", calls && "来电", unread && `${unread} 未回`, waiting && `${waiting} 等候`].filter(Boolean);
    document.title = marks.length ? `(${marks.join("，")}) ${title}` : title;
    ring(ringing > 0);
  };

  const tick = async () => {
    await renew().catch(() => {});
    setTimeout(tick, EVERY);
  };

  place.addEventListener("click", (event) => {
    if (event.target.closest("[data-unblock]")) open();
  });
  addEventListener("pointerdown", open);
  addEventListener("keydown", open);
  tick();
})();
