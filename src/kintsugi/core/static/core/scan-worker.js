// Decodes pictures of the camera away from the page. WebAssembly is allowed here and nowhere else:
// this file alone is served with a policy that lets it compile one.
"use strict";
let ready = null;

const start = (library, wasm) => {
  importScripts(library);
  return ZXingWASM.prepareZXingModule({
    overrides: { locateFile: () => wasm },
    fireImmediately: true,
  });
};

// FNC1 in second position and plain text alike: the symbology identifier says which it is.
const OPTIONS = {
  formats: ["DataMatrix", "QRCode", "Code128", "EAN13", "EAN8", "UPCA", "UPCE", "ITF14", "Code39", "DataBarExp", "Aztec"],
  tryHarder: true,
  tryRotate: true,
  maxNumberOfSymbols: 2,
  textMode: "Plain",
};

self.addEventListener("message", async ({ data }) => {
  try {
    if (data.library) {
      ready = start(data.library, data.wasm);
      await ready;
      self.postMessage({ ready: true });
    } else {
      await ready;
      const found = await ZXingWASM.readBarcodes(data.picture, OPTIONS);
      self.postMessage({
        found: found.filter((one) => one.isValid).map((one) => one.symbologyIdentifier + one.text),
      });
    }
  } catch (error) {
    self.postMessage({ failed: String(error) });
  }
});
