// What came back in the address bar, told kindly and then taken out of it.

import { fill, find, make } from "./element.js";

const NAMES = ["error", "error_description", "gateway_error", "last_linked_profile_id"];

const SENTENCES = {
  access_denied: "You declined, so nothing was connected. You can try again whenever you like.",
  temporarily_unavailable: "Cronofy could not be reached just now. Nothing was connected; trying again may help.",
};

/** Reads and removes what a redirect left in the query. */
export function takeNews() {
  const query = new URLSearchParams(location.search);
  const news = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""]));
  if (location.search) history.replaceState(null, "", location.pathname);
  return news;
}

export function showNews({ error, error_description: description, gateway_error: code }) {
  if (!error) return;
  const sentence = SENTENCES[error] ?? "Nothing was connected.";
  const more = !SENTENCES[error] && description && make("p", {}, description);
  showNotice(sentence, more, make("p", { class: "meta" }, [error, code].filter(Boolean).join(" · ")));
}

/** Shows a sentence above the page, and further elements below it. */
export function showNotice(sentence, ...more) {
  fill(find("#notice"), make("div", { class: "note" }, make("p", {}, sentence), ...more));
}
