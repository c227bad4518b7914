// Copies the minified front-end parts out of node_modules into the package, strips source map
// references (a strict content security policy and manifest storage both trip over them), builds
// the icon sprite from icons.txt, and writes manifest.json. Run: npm run vendor.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../../src/kintsugi/core/static/vendor");

const PARTS = [
  { name: "@tabler/core", from: "dist/css/tabler.min.css", to: "tabler/tabler.min.css" },
  { name: "@tabler/core", from: "dist/js/tabler.min.js", to: "tabler/tabler.min.js" },
  { name: "htmx.org", from: "dist/htmx.min.js", to: "htmx/htmx.min.js" },
  { name: "htmx-ext-sse", from: "dist/sse.min.js", to: "htmx/sse.min.js" },
  { name: "@alpinejs/csp", from: "dist/cdn.min.js", to: "alpine/alpine-csp.min.js" },
  { name: "zxing-wasm", from: "dist/iife/reader/index.js", to: "zxing/zxing-reader.js" },
  { name: "zxing-wasm", from: "dist/reader/zxing_reader.wasm", to: "zxing/zxing-reader.wasm", binary: true },
];

// MIT asks for the notice to travel along; these packages leave the file out of their tarball.
const COPYRIGHT = {
  "@tabler/core":
    "Copyright (c) 2018-2026 The Tabler Authors\n" +
    "Copyright (c) 2011-2026 The Bootstrap Authors (bundled)\n" +
    "Copyright (c) 2019 Federico Zivolo (Popper, bundled)",
  "@alpinejs/csp":
    "Copyright (c) 2019-2026 Caleb Porzio and contributors\n" +
    "Copyright (c) 2018-present Yuxi (Evan) You and Vue contributors (reactivity, bundled)",
};

// What a package holds of others beside its own text.
const BUNDLED = {
  "zxing-wasm":
    "zxing-reader.wasm is a build of zxing-cpp, Copyright the ZXing authors, Apache License 2.0\n" +
    "(https://www.apache.org/licenses/LICENSE-2.0), compiled with Emscripten (MIT).",
};

const folder = (name) => join(here, "node_modules", name);
const about = (name) => JSON.parse(readFileSync(join(folder(name), "package.json"), "utf8"));
const stripSourceMap = (text) =>
  text.replace(/\/\*# sourceMappingURL=.*?\*\//g, "").replace(/^\/\/# sourceMappingURL=.*$/gm, "");

// A name that Tabler does not have would be an empty square on a page: stop instead.
function sprite() {
  const names = readFileSync(join(here, "icons.txt"), "utf8").split("\n").filter(Boolean);
  const symbols = names.map((name) => {
    const file = join(folder("@tabler/icons"), "icons/outline", `${name}.svg`);
    if (!existsSync(file)) throw new Error(`no such Tabler icon: ${name}`);
    const shape = readFileSync(file, "utf8")
      .replace(/<!--[\s\S]*?-->/, "")
      .replace(/^[\s\S]*?<svg[^>]*>/, "")
      .replace(/<\/svg>\s*$/, "")
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, "")
      .replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${shape}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
}

const licenceText = (name) => {
  const file = readdirSync(folder(name)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file) return readFileSync(join(folder(name), file), "utf8").trim();
  if (!(name in COPYRIGHT)) throw new Error(`no licence text for ${name}`);
  const mit = readFileSync(join(folder("@tabler/icons"), "LICENSE"), "utf8").trim();
  return mit.replace(/^Copyright.*$/m, COPYRIGHT[name]);
};
const licenceName = (name) =>
  about(name).license ?? (/^BSD Zero Clause/.test(licenceText(name)) ? "0BSD" : "unknown");

rmSync(target, { recursive: true, force: true });
const manifest = [];
const put = (name, to, text) => {
  const file = join(target, to);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const { version } = about(name);
  const licence = licenceName(name);
  const sha256 = createHash("sha256").update(text).digest("hex");
  manifest.push({ name, version, licence, file: to, sha256 });
};

for (const { name, from, to, binary } of PARTS) {
  const file = join(folder(name), from);
  put(name, to, binary ? readFileSync(file) : stripSourceMap(readFileSync(file, "utf8")).trimEnd() + "\n");
}
put("@tabler/icons", "tabler/icons.svg", sprite());

const names = [...new Set(manifest.map((entry) => entry.name))].sort();
const licences = names.map((name) => {
  const bundled = BUNDLED[name] ? `\n${BUNDLED[name]}\n` : "";
  return `${name} ${about(name).version} (${licenceName(name)})\n\n${licenceText(name)}\n${bundled}`;
});
writeFileSync(join(target, "LICENCES.txt"), licences.join("\n----\n\n"));
writeFileSync(join(target, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
console.log(manifest.map((entry) => `${entry.file}  ${entry.name} ${entry.version}`).join("\n"));
