// Events, page by page: the gateway has pointed `next_page` at itself, so the page just follows it.

import { announce, fill, make } from "./element.js";
import { clock, dateText, isWholeDay, longDay, midnight, momentOf, zone } from "./times.js";
import { showTrouble } from "./trouble.js";

export class Events {
  constructor(container, calls, person, onRefusal) {
    Object.assign(this, { calls, person, onRefusal });
    this.list = make("div", { class: "event-list" });
    this.state = make("p", { class: "hint progress" });
    this.more = make("button", { type: "button", onclick: () => this.turn() }, "Next page");
    this.trouble = make("div");
    fill(container, this.list, make("div", { class: "actions" }, this.more, this.state), this.trouble);
  }

  /** Begins anew with the first page. */
  async show() {
    const query = new URLSearchParams({ tzid: zone(), from: dateText(midnight()), include_managed: "true" });
    this.next = `/v1/events?${query}`;
    this.count = 0;
    await this.turn();
  }

  async turn() {
    const isFirst = this.count === 0;
    this.more.setAttribute("aria-disabled", "true");
    try {
      const { body } = await this.calls.get(this.next);
      if (isFirst) fill(this.list);
      const first = this.append(body.events);
      this.next = body.pages.next_page;
      this.tell(body.pages, isFirst);
      // The button goes with the last page; whoever pressed it reads on where the new events begin.
      if (!this.next && !isFirst) first?.focus();
      fill(this.trouble);
    } catch (error) {
      if (!this.onRefusal(error)) showTrouble(this.trouble, error, () => this.turn());
    } finally {
      this.more.removeAttribute("aria-disabled");
    }
  }

  tell({ current, total }, isQuiet) {
    const isAll = current >= total;
    this.more.hidden = !this.next;
    this.state.textContent = this.count
      ? `Page ${current} of ${total} · ${this.count} events${isAll ? ", that is all" : ""}`
      : "No events yet. Those that you add here will show.";
    if (!isQuiet) announce(this.state.textContent);
  }

  /** Adds events under their days and returns the first element that is new. */
  append(events) {
    let first = null;
    for (const event of events) {
      const start = momentOf(event.start);
      const item = eventItem(event, start, this.person);
      this.listOf(start).append(item);
      first ??= item;
      this.count += 1;
    }
    return first;
  }

  listOf(start) {
    const day = dateText(start);
    const known = this.list.querySelector(`ul[data-day="${day}"]`);
    if (known) return known;
    const list = make("ul", { class: "plain", "data-day": day });
    this.list.append(make("h3", {}, longDay(start)), list);
    return list;
  }
}

function eventItem(event, start, person) {
  const hours = isWholeDay(event.start) ? "All day" : `${clock(start)}–${clock(momentOf(event.end))}`;
  const calendar = person.calendar(event.calendar_id);
  const kind = kindOf(event);
  const facts = [
    calendar && person.label(calendar),
    kind === "own" && "added here",
    event.conferencing && meeting(event.conferencing),
  ];
  return make(
    "li",
    { class: `event ${kind}`, tabindex: "-1" },
    make("span", { class: "hours" }, hours),
    make(
      "span",
      { class: "what" },
      make("b", {}, event.summary ?? WORDS[kind]),
      make("small", {}, facts.filter(Boolean).join(" · ")),
    ),
  );
}

// Without a right to read them, events come without their titles.
const WORDS = { own: "Added here", free: "Free", tentative: "Tentative", busy: "Busy" };

function kindOf(event) {
  if (event.event_id) return "own";
  if (event.transparency === "transparent") return "free";
  return event.status === "tentative" ? "tentative" : "busy";
}

const meeting = (conferencing) => (conferencing.join_url ? "with a meeting room" : "a meeting room is on its way");
