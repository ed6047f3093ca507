// The fields that both event forms share, and the event that they describe.

import { fill, make } from "./element.js";
import { dateText, daysAfter, midnight, zone } from "./times.js";

const LENGTHS = [["30", "30 minutes"], ["45", "45 minutes"], ["60", "1 hour"], ["90", "1½ hours"]];

/** Builds the fields of a form; its outcome is told in a live region below the button. */
export function buildForm(form, person, { title, time, submit, extra = [] }) {
  const kept = form.elements.length ? Object.fromEntries(new FormData(form)) : {};
  const writable = person.calendars.filter((calendar) => !calendar.calendar_readonly);
  const calendars = writable.map((calendar) => option(calendar.calendar_id, person.longLabel(calendar)));
  fill(
    form,
    labelled("Title", input("summary", { maxlength: "200", value: title, autocomplete: "off" })),
    labelled("Calendar", make("select", { name: "calendar" }, ...calendars)),
    make(
      "div",
      { class: "trio" },
      labelled("Day", input("day", { type: "date", value: dateText(daysAfter(midnight(), 1)) })),
      labelled("From", input("time", { type: "time", value: time })),
      labelled("For", make("select", { name: "length" }, ...LENGTHS.map(([value, words]) => option(value, words)))),
    ),
    ...extra,
    make("div", { class: "actions" }, make("button", { class: "primary", type: "submit" }, submit)),
    make("div", { class: "outcome", role: "status" }),
  );
  for (const [name, value] of Object.entries(kept)) {
    if (form.elements[name]) form.elements[name].value = value;
  }
}

const input = (name, attributes) => make("input", { name, required: true, ...attributes });
export const labelled = (words, control) => make("label", {}, words, control);
export const option = (value, words) => make("option", { value }, words);

/** Reads the event that a form describes: where it goes, and what is sent. */
export function eventIn(form) {
  const fields = Object.fromEntries(new FormData(form));
  const start = new Date(`${fields.day}T${fields.time}`);
  const end = new Date(start.getTime() + Number(fields.length) * 60_000);
  return {
    path: `/v1/calendars/${encodeURIComponent(fields.calendar)}/events`,
    calendarId: fields.calendar,
    event: {
      event_id: `demo-${crypto.randomUUID()}`,
      summary: fields.summary,
      start: start.toISOString(),
      end: end.toISOString(),
      tzid: zone(),
    },
  };
}

/** Says what becomes of an event that Cronofy took. */
export function arrival(mode) {
  if (mode === "read_write") return "It is in the calendar.";
  return "An invitation comes by e-mail; accepting it puts the event into your own calendar.";
}
