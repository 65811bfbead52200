/** The language of the page: what was chosen here before, else that of the browser, else English. */

import { de } from "./de";
import { en, type Key } from "./en";

const LANGUAGES = { en, de };
export type Language = keyof typeof LANGUAGES;

const KEPT = "xenia.language";

class Words {
  language = $state<Language>(first());

  constructor() {
    document.documentElement.lang = this.language;
  }

  choose(language: Language): void {
    this.language = language;
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = language;
  }
}

function first(): Language {
  const wanted = [localStorage.getItem(KEPT), ...navigator.languages.map((each) => each.slice(0, 2))];
  return (wanted.find((each) => each !== null && each in LANGUAGES) as Language | undefined) ?? "en";
}

export const words = new Words();

/** The sentence `key`, with what stands in braces filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return LANGUAGES[words.language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
