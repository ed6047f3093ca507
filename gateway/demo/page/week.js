// The week: when somebody is busy, read through all pages and drawn as a strip for each day.

import { announce, fill, make } from "./element.js";
import { drawStrip } from "./strip.js";
import { showTable } from "./table.js";
import { dateText, daysAfter, isWholeDay, midnight, momentOf, span, zone } from "./times.js";
import { showTrouble } from "./trouble.js";

const DAYS = 7;

/** The blocks of one day, cut at its midnights. */
export class Day {
  constructor(start, blocks) {
    this.start = start;
    this.end = daysAfter(start, 1);
    this.blocks = blocks
      .filter((block) => block.start < this.end && block.end > this.start)
      .map((block) => ({
        ...block,
        start: block.start < this.start ? this.start : block.start,
        end: block.end > this.end ? this.end : block.end,
      }));
  }

  /** Minutes that are taken, counted once where blocks overlap. */
  get busyMinutes() {
    let until = this.start;
    let total = 0;
    for (const block of this.blocks.toSorted((one, other) => one.start - other.start)) {
      total += Math.max(0, block.end - Math.max(block.start, until)) / 60_000;
      until = new Date(Math.max(until, block.end));
    }
    return total;
  }
}

export class Week {
  constructor(container, calls, onRefusal) {
    Object.assign(this, { container, calls, onRefusal });
    this.chart = make("div");
    this.table = make("div");
    this.trouble = make("div");
    fill(container, this.chart, this.table, this.trouble);
    this.isFirst = true;
    fill(this.chart, drawStrip(daysOf([]), { isWaiting: true }));
  }

  /** Reads and draws the week; resolves to the ids of our own events in it. */
  async show() {
    try {
      const blocks = await this.read();
      const days = daysOf(blocks);
      fill(this.chart, drawStrip(days, { isFirst: this.isFirst }));
      this.isFirst = false;
      showTable(this.table, days);
      fill(this.trouble);
      announce(`The week is drawn: ${span(days.reduce((sum, day) => sum + day.busyMinutes, 0))} busy.`);
      return new Set(blocks.map((block) => block.eventId));
    } catch (error) {
      if (!this.onRefusal(error)) showTrouble(this.trouble, error, () => this.show());
      return new Set();
    }
  }

  covers(event) {
    return momentOf(event.start) < daysAfter(midnight(), DAYS) && momentOf(event.end) > midnight();
  }

  async read() {
    const query = new URLSearchParams({
      tzid: zone(),
      from: dateText(midnight()),
      to: dateText(daysAfter(midnight(), DAYS)),
      include_ids: "true",
    });
    const blocks = [];
    for await (const { body } of this.calls.pages(`/v1/free_busy?${query}`)) {
      blocks.push(...body.free_busy.map(blockOf));
    }
    return blocks;
  }
}

const daysOf = (blocks) => Array.from({ length: DAYS }, (_, number) => new Day(daysAfter(midnight(), number), blocks));

function blockOf(item) {
  return {
    start: momentOf(item.start),
    end: momentOf(item.end),
    status: item.free_busy_status === "tentative" ? "tentative" : "busy",
    isWholeDay: isWholeDay(item.start),
    eventId: item.event_id ?? "",
  };
}
