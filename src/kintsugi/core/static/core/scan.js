// The scan field. A wedge types into it, a camera is read by a worker, a block of lines is pasted:
// each text is kept on this device with a key of its own until the server has answered it, so that
// a lost network loses nothing and sends nothing twice.
(() => {
  "use strict";
  const PASTED_MAX = 500;
  const KEPT_MAX = 2000;
  const SHOWN_MAX = 60;
  const BURST_MS = 45; // a person does not type faster than this, key after key
  const RETRY_MS = 4000;
  const FRESH_MS = 250; // the rest of the page is drawn anew once a burst of scans is over
  const SAME_MS = 2500; // the camera sees one label in many pictures

  const start = (root) => {
    const $ = (selector) => root.querySelector(selector);
    const text = (id) => $(`template[data-text="${id}"]`).content.textContent.trim();
    const form = $("[data-scan-form]");
    const field = form.elements.raw;
    const state = $("[data-scan-state]");
    const lines = $("[data-scan-lines]");
    const band = $("[data-scan-band]");
    // Each scan has an entry of its own, by page and person: two windows do not overwrite each other.
    const store = `kintsugi-scan:${root.dataset.owner}:${root.dataset.url}:`;
    const drawn = new Map();
    let part = ""; // the first symbol of a label of two
    let sending = false;
    let timer = 0;

    // -- what waits, kept across a reload ---------------------------------------------------
    const load = () => {
      try {
        return Object.keys(localStorage).filter((name) => name.startsWith(store)).sort()
          .map((name) => ({ key: name.slice(store.length), raw: localStorage.getItem(name) }));
      } catch { return []; }
    };
    let queue = load();
    const keep = (scan) => {
      try { localStorage.setItem(store + scan.key, scan.raw); return true; } catch { return false; }
    };
    const forget = (scan) => {
      try { localStorage.removeItem(store + scan.key); } catch { /* it was not kept either */ }
    };
    let counted = 0;
    const newKey = () => { // sorts by time
      const bytes = crypto.getRandomValues(new Uint8Array(12));
      const random = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return `${Date.now().toString(16).padStart(12, "0")}-${(counted++).toString(16).padStart(5, "0")}-${random}`;
    };

    // -- sound and touch ------------------------------------------------------------------------
    let audio = null;
    const muteButton = $("[data-scan-mute]");
    const isMuted = () => muteButton.getAttribute("aria-pressed") === "true";
    const tone = (hertz, from, seconds) => {
      const oscillator = audio.createOscillator();
      const gain = audio.createGain();
      oscillator.type = hertz < 500 ? "square" : "sine";
      oscillator.frequency.value = hertz;
      gain.gain.setValueAtTime(0.18, from);
      gain.gain.exponentialRampToValueAtTime(0.001, from + seconds);
      oscillator.connect(gain).connect(audio.destination);
      oscillator.start(from);
      oscillator.stop(from + seconds);
    };
    const sound = (kind) => {
      root.dataset.sounded = kind;
      if (kind === "bad") navigator.vibrate?.([220, 90, 220]);
      if (isMuted()) return;
      try {
        audio ??= new AudioContext();
        audio.resume();
        const now = audio.currentTime;
        if (kind === "bad") { tone(196, now, 0.22); tone(196, now + 0.28, 0.3); }
        else tone(kind === "warn" ? 880 : 1760, now, kind === "warn" ? 0.2 : 0.1);
      } catch { /* no sound on this device: colour and words remain */ }
    };

    // -- lines ----------------------------------------------------------------------------------
    const readable = (raw) => raw.replaceAll("\x1d", "␝").replaceAll("\n", " + ");
    const line = (scan) => {
      let made = drawn.get(scan.key);
      if (!made) {
        made = $("template[data-scan-line]").content.firstElementChild.cloneNode(true);
        made.querySelector("code").textContent = readable(scan.raw);
        drawn.set(scan.key, made);
        lines.prepend(made);
        while (lines.childElementCount > SHOWN_MAX) {
          const last = [...drawn].find(([, node]) => node === lines.lastElementChild);
          if (!last || queue.some((one) => one.key === last[0])) break;
          drawn.delete(last[0]);
          last[1].remove();
        }
      }
      return made;
    };
    const mark = (scan, kind, what = "") => {
      const made = line(scan);
      made.className = `k-scan-line ${kind === "waiting" ? "is-waiting" : `k-tone-${kind}`}`;
      const pill = made.querySelector(".k-pill");
      pill.className = `k-pill k-tone-${kind === "waiting" ? "live" : kind}`;
      pill.textContent = text(kind);
      made.querySelector("p").textContent = what;
      return made;
    };
    const say = (words) => { state.textContent = words; };

    // -- a stop: nothing more is taken until somebody has seen it ---------------------------------
    let lastKey = 0;
    const isStopped = () => !band.hidden;
    const stop = (what, remedy) => {
      band.querySelector(".k-scan-band-what").textContent = what;
      band.querySelector(".k-scan-band-remedy").textContent = remedy;
      band.hidden = false;
      say("");
      field.disabled = true;
      band.focus();
      band.scrollIntoView({ block: "center" });
      sound("bad");
    };
    const seen = () => {
      band.hidden = true;
      field.disabled = false;
      say("");
      field.focus();
      drain();
    };
    $("[data-scan-seen]").addEventListener("click", seen);
    document.addEventListener("keydown", (event) => {
      if (!isStopped()) return;
      // The end of a wedge's burst is an Enter: it must not press the button.
      const burst = event.timeStamp - lastKey < 120;
      if (event.key.length === 1) lastKey = event.timeStamp;
      if (event.key === "Escape") seen();
      else if (event.key === "Enter" && burst) { event.preventDefault(); say(text("blocked")); sound("bad"); }
      else if (event.key === " " && event.target !== band && burst) event.preventDefault();
    }, true);

    // -- what else the page shows of the document: how far it is, and what may happen next --------
    let freshTimer = 0;
    const refresh = async () => {
      if (!document.querySelector("[data-scan-live]")) return;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const shown of document.querySelectorAll("[data-scan-live]")) {
          const next = page.getElementById(shown.id);
          // Where somebody is typing, nothing is taken from under their hands.
          if (next && !shown.contains(document.activeElement)) shown.replaceWith(document.adoptNode(next));
        }
      } catch { /* no network: the next answer brings it */ }
    };

    // -- sending ----------------------------------------------------------------------------------
    const later = (why) => {
      say(`${text(why)} ${queue.length}`);
      clearTimeout(timer);
      timer = setTimeout(drain, RETRY_MS);
    };
    const answered = (scan, answer) => {
      queue = queue.filter((one) => one.key !== scan.key);
      forget(scan);
      part = answer.part ? scan.raw : "";
      const what = [answer.what, answer.remedy].filter(Boolean).join(" ");
      const made = mark(scan, answer.tone, what);
      made.querySelector(".k-scan-more").innerHTML = answer.html ?? "";
      if (answer.tone === "bad") stop(answer.what, answer.remedy);
      else { say(answer.part ? text("part") : answer.what); sound(answer.tone); }
      clearTimeout(freshTimer);
      freshTimer = setTimeout(refresh, FRESH_MS);
      root.dispatchEvent(new CustomEvent("kintsugi:scanned", { bubbles: true, detail: answer }));
    };
    const send = async (scan) => {
      const body = new URLSearchParams({ raw: scan.raw });
      const answer = await fetch(root.dataset.url, {
        method: "POST", body, redirect: "manual",
        headers: {
          "X-Requested-With": "fetch", "Idempotency-Key": scan.key,
          "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, Accept: "application/json",
        },
      });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return "login";
      if (answer.status === 429 || answer.status >= 500) return "offline";
      answered(scan, await answer.json());
      return "";
    };
    async function drain() {
      if (sending) return;
      sending = true;
      clearTimeout(timer);
      try {
        while (queue.length && !isStopped()) {
          let why = "offline";
          try { why = await send(queue[0]); } catch { /* no network, or no answer of ours */ }
          if (why) { later(why); break; }
        }
      } finally { sending = false; }
    }
    const take = (raw) => {
      const trimmed = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ""); // GS is data
      if (!trimmed) return;
      if (isStopped()) { say(text("blocked")); sound("bad"); return; }
      if (queue.length >= KEPT_MAX) { stop(text("full"), ""); return; }
      const scan = { key: newKey(), raw: part ? `${part}\n${trimmed}` : trimmed };
      part = "";
      if (!keep(scan)) { stop(text("full"), ""); return; }
      queue.push(scan);
      mark(scan, "waiting");
      drain();
    };

    // -- keyboard and wedge ---------------------------------------------------------------------
    const insert = (character) => field.setRangeText(character, field.selectionStart, field.selectionEnd, "end");
    let pressed = 0;
    let bursts = 0;
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      // A wedge sends GS as Ctrl+] : as a key it would be lost.
      if (event.ctrlKey && (event.key === "]" || event.code === "BracketRight" || event.key === "\x1d")) {
        event.preventDefault();
        insert("\x1d");
      }
      if (event.key.length === 1) {
        bursts = event.timeStamp - pressed < BURST_MS ? bursts + 1 : 0;
        pressed = event.timeStamp;
      } else if (event.key === "Tab" && field.value && bursts > 3 && event.timeStamp - pressed < 120) {
        event.preventDefault(); // a wedge that ends with Tab; a person's Tab leaves the field
        form.requestSubmit();
      }
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const raw = field.value;
      field.value = "";
      bursts = 0;
      take(raw);
    });
    field.addEventListener("paste", (event) => {
      const pasted = (event.clipboardData?.getData("text") ?? "").split(/\r\n|\r|\n/).filter((one) => one.trim());
      if (pasted.length < 2) return;
      event.preventDefault();
      if (pasted.length > PASTED_MAX) { stop(text("too-many"), ""); return; }
      pasted.forEach(take);
    });
    // What is typed while nothing has the focus is a scan.
    document.addEventListener("keydown", (event) => {
      const idle = document.activeElement === document.body || document.activeElement === null;
      if (idle && !isStopped() && event.key.length === 1 && !event.altKey && !event.metaKey && !event.ctrlKey
        && event.key !== "/" && event.key !== "?") field.focus();
    });
    document.addEventListener("click", (event) => {
      if (isStopped() || event.target.closest("a, button, input, select, textarea, summary, label, dialog, [tabindex='0']")) return;
      if (String(getSelection())) return;
      field.focus({ preventScroll: true });
    });

    // -- tools ------------------------------------------------------------------------------------
    const press = (button, on) => button.setAttribute("aria-pressed", String(on));
    $("[data-scan-tools]").hidden = false;
    try { press(muteButton, localStorage.getItem("kintsugi-scan-muted") === "1"); } catch { /* not kept */ }
    muteButton.addEventListener("click", () => {
      press(muteButton, !isMuted());
      try { localStorage.setItem("kintsugi-scan-muted", isMuted() ? "1" : "0"); } catch { /* not kept */ }
      field.focus();
    });
    // On a phone the field has the focus all the time; its keyboard comes when it is asked for.
    const keyboard = $("[data-scan-keyboard]");
    if (matchMedia("(pointer: coarse)").matches) {
      keyboard.hidden = false;
      field.inputMode = "none";
      keyboard.addEventListener("click", () => {
        const on = keyboard.getAttribute("aria-pressed") !== "true";
        press(keyboard, on);
        field.inputMode = on ? "text" : "none";
        field.blur();
        field.focus();
      });
    }

    // -- camera -----------------------------------------------------------------------------------
    const cameraButton = $("[data-scan-camera]");
    const picture = $("[data-scan-picture]");
    const video = picture.querySelector("video");
    const camera = { stream: null, worker: null, busy: false, last: "", at: 0 };
    const look = () => {
      if (!camera.stream) return;
      if (!camera.busy && camera.worker && video.videoWidth && !isStopped()) {
        const canvas = (camera.canvas ??= document.createElement("canvas"));
        canvas.width = video.videoWidth;
        canvas.height = video.videoHeight;
        const context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(video, 0, 0);
        camera.busy = true;
        camera.worker.postMessage({ picture: context.getImageData(0, 0, canvas.width, canvas.height) });
      }
      setTimeout(look, 90);
    };
    const read = (found) => {
      if (!found.length || !camera.stream) return;
      // Two GS1 symbols in one picture are two halves of a label; of others one is enough.
      const gs1 = found.filter((one) => /^\](?:d2|C1|Q3|e0)/.test(one));
      const raw = gs1.length ? [...new Set(gs1)].sort((a, b) => b.includes("01", 3) - a.includes("01", 3)).join("\n") : found[0];
      const now = performance.now();
      if (raw === camera.last && now - camera.at < SAME_MS) { camera.at = now; return; }
      camera.last = raw;
      camera.at = now;
      take(raw);
    };
    const close = () => {
      camera.stream?.getTracks().forEach((track) => track.stop());
      camera.stream = null;
      video.srcObject = null;
      picture.hidden = true;
      press(cameraButton, false);
    };
    const openCamera = async () => {
      try {
        camera.stream = await navigator.mediaDevices.getUserMedia({
          audio: false, video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
        });
      } catch { say(text("no-camera")); return; }
      if (!camera.worker) {
        camera.worker = new Worker(root.dataset.worker);
        camera.worker.addEventListener("message", ({ data }) => {
          camera.busy = false;
          if (data.found) read(data.found);
          if (data.failed) { close(); camera.worker.terminate(); camera.worker = null; say(text("no-camera")); }
        });
        const absolute = (path) => new URL(path, location.href).href;
        camera.worker.postMessage({ library: absolute(root.dataset.library), wasm: absolute(root.dataset.wasm) });
      }
      picture.hidden = false;
      video.srcObject = camera.stream;
      press(cameraButton, true);
      await video.play();
      look();
    };
    if (globalThis.isSecureContext && navigator.mediaDevices?.getUserMedia && globalThis.Worker) {
      cameraButton.hidden = false;
      cameraButton.addEventListener("click", () => (camera.stream ? close() : openCamera()));
    }
    document.addEventListener("visibilitychange", () => { if (document.hidden && camera.stream) close(); });

    // -- leaving and coming back ------------------------------------------------------------------
    addEventListener("beforeunload", (event) => { if (queue.length) event.preventDefault(); });
    addEventListener("online", drain);
    queue.forEach((scan) => mark(scan, "waiting"));
    field.focus({ preventScroll: true });
    drain();
  };

  document.querySelectorAll("[data-scan]").forEach(start);
})();
