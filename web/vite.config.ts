import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

import { licences } from "./licences.ts";
import { wasmBeside } from "./wasm.ts";

export default defineConfig({
  plugins: [svelte(), licences(), wasmBeside()],
  build: {
    outDir: "../src/xenia/page",
    emptyOutDir: true,
    target: "es2022", // noVNC waits at the top level of its modules
    assetsInlineLimit: 0, // a policy without data: in scripts and fonts
    modulePreload: { polyfill: false }, // it would be a script in the page
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
