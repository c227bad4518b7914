// Runs before the first paint, therefore in the head and not deferred: the page never flashes in
// the wrong theme. The setting comes from the server (the person's account) or this browser; a
// choice the server has not confirmed yet goes before both, or a page asked for in the meantime
// would come back in the old theme.
(() => {
  const CHOSEN = "kintsugi-theme", PENDING = "kintsugi-theme-pending";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const attempt = (act) => { try { return act(); } catch { return null; } }; // storage may be closed
  const pending = attempt(() => sessionStorage.getItem(PENDING));
  let setting = pending || root.dataset.theme || attempt(() => localStorage.getItem(CHOSEN)) || "auto";
  const apply = () => {
    root.dataset.bsTheme = setting === "auto" ? (dark.matches ? "dark" : "light") : setting;
  };
  const settled = (value) => attempt(() => {
    if (sessionStorage.getItem(PENDING) === value) sessionStorage.removeItem(PENDING);
  });
  if (pending && root.dataset.theme === pending) settled(pending);
  apply();
  dark.addEventListener("change", apply);
  globalThis.kintsugiTheme = {
    choose(value) {
      setting = value;
      attempt(() => sessionStorage.setItem(PENDING, value));
      attempt(() => localStorage.setItem(CHOSEN, value));
      apply();
    },
    settled,
  };
})();
