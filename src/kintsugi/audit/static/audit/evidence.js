// The cell asked for is in sight, also in a narrow drawer.
(() => {
  "use strict";
  const show = (root) => {
    const cell = root.querySelector(".a-grid [data-here]");
    const frame = cell?.closest(".k-scroll");
    if (frame) frame.scrollLeft = cell.offsetLeft - (frame.clientWidth - cell.offsetWidth) / 2;
  };
  document.addEventListener("htmx:afterSwap", (event) => show(event.target));
  addEventListener("resize", () => show(document));
  document.addEventListener("DOMContentLoaded", () => show(document));
})();
