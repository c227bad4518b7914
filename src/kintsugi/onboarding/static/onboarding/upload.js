// Dropping files and the bar while they are sent. Without it the form works as any form does.
(() => {
  "use strict";
  const size = (n) => {
    let unit = 0;
    while (n >= 1024 && unit < 4) { n /= 1024; unit += 1; }
    return `${n.toFixed(unit ? 1 : 0)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
  };
  const ready = () => {
    const form = document.querySelector("form[data-upload]");
    if (!form) return;
    const input = form.querySelector("input[type=file]");
    const drop = form.querySelector("[data-drop]");
    const list = form.querySelector("[data-chosen]");
    const show = () => {
      list.replaceChildren(...[...input.files].map((file) => {
        const item = document.createElement("li");
        const name = document.createElement("span");
        name.textContent = file.name;
        const bytes = document.createElement("span");
        bytes.className = "k-muted";
        bytes.textContent = size(file.size);
        item.append(name, bytes);
        return item;
      }));
    };
    input.addEventListener("change", show);
    for (const name of ["dragenter", "dragover"]) {
      drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
    }
    for (const name of ["dragleave", "drop"]) {
      drop.addEventListener(name, () => drop.classList.remove("is-over"));
    }
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; show(); }
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const box = form.querySelector("[data-progress]");
      const bar = box.querySelector("progress");
      const sent = box.querySelector("[data-sent]");
      const words = (name) => form.querySelector(`template[data-${name}]`).content.textContent;
      const button = form.querySelector("button.btn-primary");
      box.classList.remove("k-hidden");
      const request = new XMLHttpRequest();
      const begun = performance.now();
      request.upload.addEventListener("progress", (now) => {
        if (!now.lengthComputable) return;
        bar.value = (100 * now.loaded) / now.total;
        const rate = now.loaded / Math.max(0.05, (performance.now() - begun) / 1000);
        sent.textContent = `${words("sending")} · ${size(now.loaded)} / ${size(now.total)} · ${size(rate)}/s`;
      });
      request.upload.addEventListener("load", () => {
        bar.removeAttribute("value");
        sent.textContent = words("reading");
      });
      request.addEventListener("load", () => {
        if (request.status < 400) { location.assign(request.responseURL); return; }
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        const fresh = page.querySelector("#upload");
        if (!fresh) { location.reload(); return; }
        document.querySelector("#upload").replaceWith(fresh);
        ready();
      });
      request.addEventListener("error", () => {
        box.classList.add("k-hidden");
        button.disabled = false;
        list.textContent = document.getElementById("text-failed")?.content.textContent ?? "";
      });
      request.open("POST", form.action);
      request.send(new FormData(form));
      button.disabled = true;
    });
  };
  document.addEventListener("DOMContentLoaded", ready);
})();
