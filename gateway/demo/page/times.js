// Days and times as the person's own clock has them.

const LOCALE = "en-GB";
const formats = {
  weekday: new Intl.DateTimeFormat(LOCALE, { weekday: "short" }),
  date: new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" }),
  day: new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" }),
  time: new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" }),
};

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "Etc/UTC";
export const weekday = (moment) => formats.weekday.format(moment);
export const shortDate = (moment) => formats.date.format(moment);
export const longDay = (moment) => formats.day.format(moment);
export const clock = (moment) => formats.time.format(moment);

export function midnight(moment = new Date()) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
}

/** Another day at the same time; days are counted by the calendar, for some have 23 or 25 hours. */
export function daysAfter(moment, days) {
  const later = new Date(moment);
  later.setDate(later.getDate() + days);
  return later;
}

/** A day as the API and date fields write it. */
export function dateText(moment) {
  const [month, day] = [moment.getMonth() + 1, moment.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${moment.getFullYear()}-${month}-${day}`;
}

export const isWholeDay = (value) => /^\d{4}-\d{2}-\d{2}$/.test(textOf(value));

/** Reads a time of the API: a date, a moment, or either beside its zone. A date is midnight here. */
export function momentOf(value) {
  const text = textOf(value);
  return new Date(isWholeDay(text) ? `${text}T00:00` : text);
}

const textOf = (value) => (typeof value === "object" && value !== null ? value.time : value) ?? "";

const DAYS_FROM = 48 * 60; // minutes; from here on hours say little

/** Says how long something is: "1 h 30 min", or "14 days". */
export function span(minutes) {
  if (minutes >= DAYS_FROM) return `${Math.round(minutes / (24 * 60))} days`;
  const whole = Math.round(minutes);
  const [hours, rest] = [Math.floor(whole / 60), whole % 60];
  return [hours && `${hours} h`, (rest || !hours) && `${rest} min`].filter(Boolean).join(" ");
}
