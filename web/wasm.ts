/** A module that has its WebAssembly in itself, as a data: address, gets it as a file beside: a third smaller, compiled
 * while it comes, and the page's policy needs no data:. */

import type { Plugin } from "vite";

const WHOLE = /"data:application\/wasm;base64,([A-Za-z0-9+/=]+)"/;

export function wasmBeside(): Plugin {
  return {
    name: "wasm-beside",
    apply: "build",
    transform: {
      filter: { id: /iron-remote-desktop-rdp\.js$/ },
      handler(code) {
        const [whole, content] = WHOLE.exec(code) ?? [];
        if (whole === undefined || content === undefined) this.error("it has no WebAssembly in it any more: see wasm.ts");
        const file = this.emitFile({ type: "asset", name: "ironrdp.wasm", source: Buffer.from(content, "base64") });
        return { code: code.replace(whole, `import.meta.ROLLUP_FILE_URL_${file}`), map: null };
      },
    },
  };
}
