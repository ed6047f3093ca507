// Session facts in the footer; they count down by the page's own clock, so looking at them extends nothing.

import { fill, find, make } from "./element.js";
import { span } from "./times.js";

const EVERY_MS = 30_000;
let ticking = 0;

export function showFacts(session) {
  clearInterval(ticking);
  const list = find("#facts");
  list.hidden = !session.isSignedIn;
  if (list.hidden) return;
  const draw = () =>
    fill(
      list,
      ...fact("Session ends in", span(session.left("expires_in") / 60)),
      ...fact("Or unused, in", span(session.left("idle_expires_in") / 60)),
      ...fact("Scope", make("code", {}, session.facts.scope ?? "")),
      ...fact("Account", make("code", {}, session.facts.sub ?? "")),
      ...fact("Tokens in this page", "none"),
    );
  draw();
  ticking = setInterval(draw, EVERY_MS);
}

const fact = (term, description) => [make("div", {}, make("dt", {}, term), make("dd", {}, description))];
