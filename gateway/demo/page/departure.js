// Changing the mode and signing out.

import { fill, find, make } from "./element.js";
import { wishIn } from "./session.js";
import { showTrouble } from "./trouble.js";

export function prepareDeparture(session, { onSignedOut, onRefusal }) {
  prepareChange(session, onRefusal);
  find("#access-choice").hidden = session.isService; // no hint of a mode is documented for organisations
  const leave = async (how, sentence) => {
    const outcome = find("#leave-outcome");
    fill(outcome, make("p", { class: "hint" }, "Signing out …"));
    try {
      await session.end(how);
      fill(outcome);
      await onSignedOut(sentence);
    } catch (error) {
      if (!onRefusal(error)) showTrouble(outcome, error, () => leave(how, sentence));
    }
  };
  const what = session.isService ? "organisation" : "calendar";
  const stay = () => leave({}, `You are signed out. The ${what} is still connected.`);
  find("#sign-out").onclick = stay;
  find("#leave").onclick = stay;
  find("#disconnect").onclick = () => leave({ revoke: true }, `You are signed out, and the ${what} is disconnected.`);
}

function prepareChange(session, onRefusal) {
  const form = find("#access");
  const outcome = find(".outcome", form);
  fill(outcome);
  form.reset();
  const change = async () => {
    fill(outcome, make("p", { class: "hint" }, "Disconnecting …"));
    try {
      location.assign(await session.reconnectUrl(wishIn(form.elements.mode.value)));
    } catch (error) {
      if (!onRefusal(error)) showTrouble(outcome, error, change);
    }
  };
  form.onsubmit = (submission) => {
    submission.preventDefault();
    change();
  };
}
