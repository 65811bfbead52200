/** Light or dark: as the system is, until somebody chooses. */

const KEPT = "xenia.theme";

export function applyTheme(): void {
  const kept = localStorage.getItem(KEPT);
  if (kept) document.documentElement.dataset["theme"] = kept;
}

export function toggleTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const shown = document.documentElement.dataset["theme"] ?? dark;
  localStorage.setItem(KEPT, shown === "dark" ? "light" : "dark");
  applyTheme();
}
