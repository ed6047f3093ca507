// The strip: one row for each day, hours from left to right. Drawn for the eye; table.js says the same in words.

import { make } from "./element.js";
import { shortDate, span, weekday } from "./times.js";

const EARLIEST = 8; // the hours that are shown even when they are free
const LATEST = 18;

const WORDS = { busy: "Busy", tentative: "Tentative", own: "Added here" };

/** Draws the days; `isFirst` lets every block move in, `isWaiting` draws the paper before the blocks are known. */
export function drawStrip(days, { isFirst = false, isWaiting = false } = {}) {
  const hours = hoursOf(days);
  const total = span(days.reduce((sum, day) => sum + day.busyMinutes, 0));
  const label = `The next seven days: ${total} busy. The table below has every block.`;
  const drawing = make(
    "div",
    { class: isFirst ? "strip" : "strip settled", role: "img", "aria-label": label },
    axis(hours),
    ...days.map((day) => row(day, hours)),
  );
  drawing.style.setProperty("--hours", hours.last - hours.first);
  const kinds = new Set(days.flatMap((day) => day.blocks.map(kindOf)));
  const shown = Object.keys(WORDS).filter((kind) => kinds.has(kind));
  return make("div", {}, drawing, isWaiting ? waiting() : shown.length ? legend(shown) : empty());
}

export const kindOf = (block) => (block.eventId ? "own" : block.status);
export const wordFor = (block) => WORDS[kindOf(block)];

/** The hours that hold every block, and the usual working hours in any case. */
function hoursOf(days) {
  const timed = days.flatMap((day) => day.blocks.filter((block) => !block.isWholeDay).map((block) => ({ day, block })));
  return {
    first: Math.min(EARLIEST, ...timed.map(({ day, block }) => Math.floor(hourOf(day, block.start)))),
    last: Math.max(LATEST, ...timed.map(({ day, block }) => Math.ceil(hourOf(day, block.end)))),
  };
}

/** Hours on the day's clock face; its end is 24, even on days that are longer or shorter. */
const hourOf = (day, moment) => (moment >= day.end ? 24 : moment.getHours() + moment.getMinutes() / 60);

function axis({ first, last }) {
  const ticks = [];
  for (let hour = first; hour <= last; hour += 1) {
    const tick = make("span", { class: (hour - first) % 2 ? "tick odd" : "tick" }, String(hour));
    tick.style.setProperty("--at", hour - first);
    ticks.push(tick);
  }
  const scale = make("div", { class: "ticks" }, ...ticks);
  return make("div", { class: "strip-row axis" }, make("span"), scale, make("span"));
}

function row(day, hours) {
  const isWeekend = [0, 6].includes(day.start.getDay());
  const date = make("span", { class: "day-date" }, ` ${shortDate(day.start)}`);
  const label = make("span", { class: "day" }, make("b", {}, weekday(day.start)), date);
  const pieces = day.blocks.map((block) => piece(block, day, hours));
  const track = make("div", { class: "track" }, ...pieces, nowLine(day, hours));
  const sum = make("span", { class: "sum" }, day.busyMinutes ? span(day.busyMinutes) : "free");
  return make("div", { class: isWeekend ? "strip-row weekend" : "strip-row" }, label, track, sum);
}

function piece(block, day, { first, last }) {
  const [from, to] = block.isWholeDay ? [first, last] : [hourOf(day, block.start), hourOf(day, block.end)];
  const element = make("span", { class: `block ${kindOf(block)}` });
  element.style.setProperty("--at", from - first);
  element.style.setProperty("--for", Math.max(to - from, 0.15));
  return element;
}

function nowLine(day, { first, last }) {
  const now = new Date();
  const hour = hourOf(day, now);
  if (now < day.start || now >= day.end || hour < first || hour > last) return null;
  const line = make("span", { class: "now" });
  line.style.setProperty("--at", hour - first);
  return line;
}

function legend(kinds) {
  return make(
    "p",
    { class: "legend", "aria-hidden": "true" },
    ...kinds.map((kind) => make("span", {}, make("i", { class: `block ${kind}` }), WORDS[kind])),
  );
}

const waiting = () => make("p", { class: "hint" }, "Asking …");
const empty = () => make("p", { class: "hint" }, "Nothing is known to be busy in these days.");
