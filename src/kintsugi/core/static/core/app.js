// What every page can do: shortcuts, palette, drawer, copy, theme, side bar, toasts.
// Everything here improves a page that works without it.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const text = (id) => $(`#text-${id}`)?.content.textContent.trim() ?? "";

  // -- notices ------------------------------------------------------------------------------
  const say = (message, tone = "good") => {
    const toasts = $("#toasts");
    if (!toasts || !message) return;
    const notice = document.createElement("div");
    notice.className = `k-notice k-tone-${tone}`;
    const body = document.createElement("div");
    body.className = "k-notice-body";
    body.textContent = message;
    notice.append(body);
    toasts.append(notice);
    setTimeout(() => notice.remove(), tone === "bad" ? 12000 : 3500);
  };

  // -- dialogs ------------------------------------------------------------------------------
  const open = (id) => {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    closeSide();
    dialog.showModal();
    if (id === "palette") palette.start();
  };
  const drawer = (url, title) => {
    const body = $("#drawer-body");
    if (!body || !globalThis.htmx) return false;
    body.replaceChildren();
    $("#drawer-title").textContent = title;
    open("drawer");
    htmx.ajax("GET", url, { target: body, swap: "innerHTML" });
    return true;
  };

  // -- palette: an ARIA combobox over links of the search page -----------------------------
  const palette = {
    timer: 0, asked: 0, at: -1,
    get box() { return $("#palette"); },
    get input() { return this.box && $("input[name=q]", this.box); },
    get list() { return $("#palette-list"); },
    get hits() { return $$("a[role=option]", this.list); },
    start() {
      this.input.select();
      if (!this.list.childElementCount) this.ask();
    },
    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), 120);
    },
    async ask() {
      const number = ++this.asked;
      const url = `${this.box.dataset.url}?q=${encodeURIComponent(this.input.value.trim())}`;
      try {
        const answer = await fetch(url, { headers: { "HX-Request": "true" } });
        if (number !== this.asked) return; // a newer question is on its way
        if (answer.headers.has("HX-Redirect")) { location.href = answer.headers.get("HX-Redirect"); return; }
        if (!answer.ok) throw new Error(String(answer.status));
        this.list.innerHTML = await answer.text();
        this.choose(this.hits.length ? 0 : -1);
        $("[data-status]", this.box).textContent = String(this.hits.length);
      } catch {
        if (number === this.asked) this.list.textContent = text("failed");
      }
    },
    choose(index) {
      const hits = this.hits;
      this.at = hits.length ? (index + hits.length) % hits.length : -1;
      hits.forEach((hit, i) => hit.setAttribute("aria-selected", String(i === this.at)));
      const hit = hits[this.at];
      if (hit) {
        this.input.setAttribute("aria-activedescendant", hit.id);
        hit.scrollIntoView({ block: "nearest" });
      } else {
        this.input.removeAttribute("aria-activedescendant");
      }
    },
    key(event) {
      if (event.isComposing) return; // an input method is choosing characters
      if (event.key === "ArrowDown") this.choose(this.at + 1);
      else if (event.key === "ArrowUp") this.choose(this.at - 1);
      else if (event.key === "Enter" && this.hits[this.at]) location.href = this.hits[this.at].href;
      else return;
      event.preventDefault();
    },
  };

  // -- side bar on narrow screens -----------------------------------------------------------
  const closeSide = () => {
    $("#side")?.classList.remove("is-open");
    if (location.hash === "#side") history.replaceState(null, "", location.pathname + location.search);
  };

  // -- theme --------------------------------------------------------------------------------
  const setTheme = async (form, value) => {
    kintsugiTheme.choose(value);
    document.documentElement.dataset.theme = value;
    $$("[data-theme-form] button").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.value === value)));
    const data = new FormData(form);
    data.set("theme", value);
    try {
      // keepalive: leaving the page at once does not lose the choice
      const answer = await fetch(form.action, {
        method: "POST", body: data, keepalive: true, headers: { "X-Requested-With": "fetch" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      kintsugiTheme.settled(value);
    } catch {
      say(text("failed"), "bad");
    }
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch { // not a secure context: the old way
      const area = document.createElement("textarea");
      area.value = button.dataset.copy;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say(text("copied"));
  };

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    let hit;
    if ((hit = at("[data-open]")) && plain) {
      if (document.getElementById(hit.dataset.open)) { event.preventDefault(); open(hit.dataset.open); }
    } else if ((hit = at("[data-drawer]")) && plain) {
      if (drawer(hit.href, hit.getAttribute("aria-label") || hit.textContent.trim())) event.preventDefault();
    } else if ((hit = at("[data-side]"))) {
      event.preventDefault();
      if (hit.dataset.side === "open") {
        $("#side").classList.add("is-open");
        $("#side .k-side-close").focus();
      } else { closeSide(); $("[data-side=open]")?.focus(); }
    } else if ((hit = at("[data-theme-form] button"))) {
      event.preventDefault();
      setTheme(hit.form, hit.value);
    } else if ((hit = at("[data-copy]"))) copy(hit);
    else if ((hit = at("[data-dismiss]"))) hit.closest("[data-toast]")?.remove();
    else if ((hit = at("[data-close]"))) hit.closest("dialog")?.close();
    else if (event.target.tagName === "DIALOG") event.target.close(); // the backdrop
    const me = $(".k-me[open]");
    if (me && !me.contains(event.target)) me.open = false;
    if ($("#side.is-open") && !at("#side") && !at("[data-side]")) closeSide();
  });

  // A help bubble opens beside its question mark, inside the window.
  document.addEventListener("toggle", (event) => {
    const bubble = event.target;
    if (event.newState !== "open" || !bubble.classList?.contains("k-help-text")) return;
    const mark = $(`[popovertarget="${bubble.id}"]`).getBoundingClientRect();
    const size = bubble.getBoundingClientRect();
    bubble.style.left = `${Math.max(12, Math.min(mark.left, innerWidth - size.width - 12))}px`;
    const below = mark.bottom + 6;
    bubble.style.top = `${below + size.height > innerHeight ? Math.max(6, mark.top - size.height - 6) : below}px`;
  }, true);

  // -- keyboard -----------------------------------------------------------------------------
  const typing = (element) =>
    element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
  let going = 0; // when "g" was pressed, for the second key
  document.addEventListener("keydown", (event) => {
    if (palette.box?.open) { if (event.target === palette.input) palette.key(event); return; }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open("palette");
      return;
    }
    if (event.key === "Escape") {
      if ($(".k-me[open]")) { $(".k-me[open]").open = false; $(".k-me > summary").focus(); }
      if ($("#side.is-open")) { closeSide(); $("[data-side=open]")?.focus(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if ($("dialog[open]")) return;
    if (going && Date.now() - going < 1500) {
      going = 0;
      const link = $(`.k-nav a[data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.href = link.href; }
      return;
    }
    const run = {
      "/": () => open("palette"),
      "?": () => open("shortcuts"),
      g: () => { going = Date.now(); },
      f: () => $(".k-bar input[type=search]")?.focus(),
      n: () => $("a[rel=next]")?.click(),
      p: () => $("a[rel=prev]")?.click(),
    }[event.key];
    if (run) { event.preventDefault(); run(); }
  });

  document.addEventListener("DOMContentLoaded", () => {
    palette.input?.addEventListener("input", () => palette.later());
    // Sent forms do not go twice by a double click; a page from the back button works again.
    document.addEventListener("submit", (event) => {
      if (event.defaultPrevented || event.target.method !== "post") return;
      $$("button", event.target).forEach((button) => setTimeout(() => { button.disabled = true; }));
    });
    // Where labels are scanned into a text, a wedge's Ctrl+] is the separator GS.
    document.addEventListener("keydown", (event) => {
      const { target } = event;
      if (!event.ctrlKey || event.code !== "BracketRight" || !target.matches?.("[data-scans]")) return;
      event.preventDefault();
      target.setRangeText("\x1d", target.selectionStart, target.selectionEnd, "end");
    });
    addEventListener("pageshow", () => $$("form[method=post] button").forEach((b) => { b.disabled = false; }));
    setTimeout(() => $$(".k-tone-good[data-toast]").forEach((toast) => toast.remove()), 6000);
  });
  // Addresses hold what was chosen, not the fields that were left empty.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    for (const [name, value] of [...event.detail.formData.entries()]) {
      if (value === "") event.detail.formData.delete(name);
    }
  });
  document.addEventListener("htmx:sendError", () => say(text("failed"), "bad"));
  document.addEventListener("htmx:timeout", () => say(text("failed"), "bad"));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status >= 500) say(text("failed"), "bad");
  });
})();
