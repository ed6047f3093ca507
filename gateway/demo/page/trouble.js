// Calls that came to nothing, told kindly: what happened, what to quote, what to do now.

import { announce, fill, make } from "./element.js";

const SENTENCES = {
  0: "The gateway does not answer. It may be starting.",
  403: "This is not allowed here.",
  429: "That was a lot of calls in a short time. A little pause helps.",
  502: "Cronofy could not be reached, or its answer made no sense.",
  503: "The gateway cannot work just now. You are still signed in.",
  504: "Cronofy took too long to answer.",
};

/** Says in one sentence what a refusal means. */
export function sentenceFor(refusal) {
  const [first] = Object.values(refusal.errors)[0] ?? [];
  return SENTENCES[refusal.status] ?? first?.description ?? refusal.message;
}

/** Shows a refusal in a container, with a button where trying again makes sense. */
export function showTrouble(container, refusal, retry) {
  const button = make("button", { type: "button", onclick: () => { fill(container); retry(); } }, "Try again");
  fill(
    container,
    make(
      "div",
      { class: "note trouble" },
      make("p", {}, sentenceFor(refusal)),
      requestLine(refusal),
      retry && refusal.mayPass && button,
    ),
  );
  announce(sentenceFor(refusal));
}

/** The line to quote to whoever runs the gateway; nothing if there is no request id. */
export function requestLine({ requestId, code, status }) {
  if (!requestId && !code) return null;
  const error = [status, code].filter(Boolean).join(" ");
  return make("p", { class: "meta" }, requestId ? `${error} · request ${requestId}` : error);
}
