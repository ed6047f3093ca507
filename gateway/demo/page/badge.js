// The mode badge: how the calendar is connected, and what that means. A disclosure, so a keyboard opens it.

import { fill, make } from "./element.js";
import { wordsFor } from "./modes.js";

/** A dot that is full, half or empty: how much is seen. */
export const glyph = (mode) => make("span", { class: "glyph", "data-mode": mode, "aria-hidden": "true" });

/** Shows each mode of an account; one that is open stays open when the badge is drawn anew. */
export function showBadge(container, modes) {
  const open = new Set([...container.querySelectorAll("details[open]")].map((details) => details.dataset.mode));
  fill(container, ...modes.map((mode) => disclosure(mode, open.has(mode))));
}

function disclosure(mode, isOpen) {
  const words = wordsFor(mode);
  return make(
    "details",
    { class: "badge", "data-mode": mode, open: isOpen },
    make(
      "summary",
      {},
      glyph(mode),
      make("span", { class: "badge-name" }, words.name),
      make("span", { class: "badge-short" }, words.short),
    ),
    make(
      "dl",
      {},
      ...row("Cronofy sees", words.sees),
      ...row("New events arrive", words.arrives),
      ...row("Does not work", words.lacks),
      ...row("In every answer", make("code", {}, `Cronofy-Access-Mode: ${mode}`)),
    ),
  );
}

const row = (term, description) => [make("dt", {}, term), make("dd", {}, description)];
