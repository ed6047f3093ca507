// The form that adds an event.

import { fill, find, make } from "./element.js";
import { arrival, buildForm, eventIn } from "./fields.js";
import { showTrouble } from "./trouble.js";

export class Addition {
  constructor(form, { calls, person, onAdded, onRefusal }) {
    Object.assign(this, { form, calls, person, onAdded, onRefusal });
    buildForm(form, person, this.texts);
    form.onsubmit = (submission) => {
      submission.preventDefault();
      this.send(this.wanted());
    };
  }

  get texts() {
    return { title: "Coffee with Sam", time: "12:15", submit: "Add event" };
  }

  get outcome() {
    return find(".outcome", this.form);
  }

  wanted() {
    return eventIn(this.form);
  }

  /** Sends an event. Trying again sends the same one, so it cannot come twice. */
  async send(wanted) {
    fill(this.outcome, make("p", { class: "hint" }, "Sending …"));
    try {
      const { status, modes } = await this.calls.post(wanted.path, wanted.event);
      const isShown = await this.onAdded(wanted.event);
      fill(this.outcome, taken(status, this.person.calendar(wanted.calendarId)?.mode, modes, isShown));
    } catch (error) {
      if (!this.onRefusal(error)) this.showRefusal(error, wanted);
    }
  }

  showRefusal(refusal, wanted) {
    showTrouble(this.outcome, refusal, () => this.send(wanted));
  }
}

function taken(status, mode, modes, isShown) {
  return make(
    "div",
    { class: "note done" },
    make("p", {}, `Cronofy took the event. ${arrival(mode)}`),
    isShown && make("p", {}, make("a", { href: "#week-title" }, "See it in the week")),
    make("p", { class: "meta" }, `${status} · Cronofy-Access-Mode: ${modes.join(", ") || "not told"}`),
  );
}
