// The week as a table: the strip in words, for whoever prefers them.

import { fill, make } from "./element.js";
import { wordFor } from "./strip.js";
import { clock, longDay, span } from "./times.js";

export function showTable(container, days) {
  const isOpen = container.querySelector("details")?.open ?? false;
  const head = make("tr", {}, ...["Day", "Taken", "In all"].map((word) => make("th", { scope: "col" }, word)));
  const table = make(
    "table",
    {},
    make("caption", { class: "unseen" }, "When you are busy in the next seven days"),
    make("thead", {}, head),
    make("tbody", {}, ...days.map(line)),
  );
  fill(container, make("details", { class: "words", open: isOpen }, make("summary", {}, "The same as a table"), table));
}

function line(day) {
  const blocks = day.blocks.toSorted((one, other) => one.start - other.start);
  const items = blocks.map((block) => make("li", {}, `${hours(block, day)}, ${wordFor(block).toLowerCase()}`));
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, longDay(day.start)),
    make("td", {}, items.length ? make("ul", { class: "plain" }, ...items) : "Nothing"),
    make("td", {}, day.busyMinutes ? span(day.busyMinutes) : "Free"),
  );
}

function hours(block, day) {
  if (block.isWholeDay) return "The whole day";
  return `${clock(block.start)} to ${block.end >= day.end ? "midnight" : clock(block.end)}`;
}
