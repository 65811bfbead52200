/** What the built page contains of others, with their licences: /licences.txt. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

interface Manifest {
  name: string;
  version: string;
  license: string;
  homepage?: string;
  dependencies?: Record<string, string>;
}

const MODULES = "node_modules";

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Its own words, or, where it brings none, the name that stands for them. */
function wordsOf(folder: string, manifest: Manifest): string {
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
  return file ? readFileSync(join(folder, file), "utf8").trim() : manifest.license;
}

export function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const names = [...Object.keys(manifestOf(".").dependencies ?? {}), "svelte"].sort();
      const texts = names.map((name) => {
        const folder = join(MODULES, name);
        const manifest = manifestOf(folder);
        return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${wordsOf(folder, manifest)}\n`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: texts.join(`\n${"-".repeat(78)}\n\n`) });
    },
  };
}
