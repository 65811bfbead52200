import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

import { licences } from "./licences.ts";
import { wasmBeside } from "./wasm.ts";

/** What is loaded when it is needed. */
const LATER = /\/src\/console\/|\/src\/charts\/Chart\.svelte|\/node_modules\/(@novnc|@xterm|@devolutions|uplot)\//;

export default defineConfig({
  plugins: [svelte(), licences(), wasmBeside()],
  build: {
    outDir: "../src/xenia/page",
    emptyOutDir: true,
    target: "es2022", // noVNC waits at the top level of its modules
    assetsInlineLimit: 0, // a policy without data: in scripts and fonts
    modulePreload: { polyfill: false }, // it would be a script in the page
    // What each screen needs in one file: a browser that comes for the first time opens a connection for each.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "page", test: (id) => !LATER.test(id) }] } } },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
