// Runs before the first paint, therefore in the head and not deferred: the page never flashes in
// the wrong theme. The setting comes from the server (the person's account) or this browser.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try { return localStorage.getItem("kintsugi-theme"); } catch { return null; }
  };
  let setting = root.dataset.theme || stored() || "auto";
  const apply = () => {
    root.dataset.bsTheme = setting === "auto" ? (dark.matches ? "dark" : "light") : setting;
  };
  apply();
  dark.addEventListener("change", apply);
  globalThis.kintsugiTheme = (value) => {
    setting = value;
    try { localStorage.setItem("kintsugi-theme", value); } catch { /* private window: session only */ }
    apply();
  };
})();
