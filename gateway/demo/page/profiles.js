// Profiles and their calendars, as /v1/userinfo tells them. The mode belongs to the profile.

import { glyph } from "./badge.js";
import { fill, make } from "./element.js";
import { modeOf, providerName, wordsFor } from "./modes.js";

/** The account behind a session. */
export class Person {
  constructor(userinfo) {
    const data = userinfo["cronofy.data"] ?? {};
    this.name = userinfo.name ?? "";
    this.email = userinfo.email ?? "";
    this.domain = data.service_account?.domain ?? "";
    this.profiles = data.profiles ?? [];
    this.conferencing = data.conferencing_profiles ?? [];
  }

  /** Every calendar with its profile and mode. */
  get calendars() {
    return this.profiles.flatMap((profile) =>
      (profile.profile_calendars ?? [])
        .filter((calendar) => !calendar.calendar_deleted)
        .map((calendar) => ({ ...calendar, profile, mode: modeOf(profile) })),
    );
  }

  calendar(id) {
    return this.calendars.find((calendar) => calendar.calendar_id === id);
  }

  /** A calendar's name, with its provider where two profiles would be mixed up. */
  label({ calendar_name: name, profile }) {
    return this.profiles.length < 2 ? name : `${name} · ${providerName(profile.provider_name)}`;
  }

  /** The same, with the mode as well: for choosing. */
  longLabel(calendar) {
    const name = this.label(calendar);
    return this.profiles.length < 2 ? name : `${name}, ${wordsFor(calendar.mode).name}`;
  }
}

export function showProfiles(container, person) {
  fill(container, ...person.profiles.map((profile) => card(profile)), ...conferencing(person));
}

function card(profile) {
  const mode = modeOf(profile);
  return make(
    "div",
    { class: "profile" },
    make("h3", {}, profile.profile_name),
    make("p", { class: "hint" }, glyph(mode), ` ${providerName(profile.provider_name)} · ${wordsFor(mode).name}`),
    profile.profile_connected === false &&
      make("p", { class: "note" }, "Cronofy has lost this connection. ", relink(profile.profile_relink_url)),
    make("ul", { class: "plain" }, ...(profile.profile_calendars ?? []).map(calendarItem)),
  );
}

function calendarItem(calendar) {
  const marks = [
    calendar.calendar_primary && "primary",
    calendar.calendar_readonly && "read only",
    calendar.calendar_integrated_conferencing_available && "opens Meet or Teams rooms",
  ].filter(Boolean);
  return make("li", {}, calendar.calendar_name, make("small", {}, marks.join(" · ")));
}

function relink(url) {
  return /^https?:/.test(url ?? "") ? make("a", { href: url }, "Connect it again") : "";
}

function conferencing(person) {
  if (!person.conferencing.length) return [];
  const items = person.conferencing.map((one) =>
    make("li", {}, providerName(one.provider_name), make("small", {}, one.profile_name)),
  );
  const heading = make("h3", {}, "Connected for meetings");
  return [make("div", { class: "profile" }, heading, make("ul", { class: "plain" }, ...items))];
}
