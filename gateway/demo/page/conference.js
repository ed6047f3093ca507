// The form that tries integrated conferencing, the refusal where a mode forbids it, and the way out.

import { Addition } from "./addition.js";
import { fill, find, make } from "./element.js";
import { eventIn, labelled, option } from "./fields.js";
import { providerName } from "./modes.js";
import { home } from "./session.js";
import { requestLine, showTrouble } from "./trouble.js";

const FIELD = "conferencing.profile_id";

const action = (words, onclick) => make("button", { type: "button", onclick }, words);

export class Conference extends Addition {
  get texts() {
    const ways = [
      option("integrated", "Integrated: the calendar’s own"),
      option("default", "Default: whatever there is"),
      ...this.person.conferencing.map((one) => option(one.profile_id, accountName(one))),
    ];
    const extra = [labelled("Conferencing", make("select", { name: "conferencing" }, ...ways))];
    return { title: "Catch-up online", time: "16:30", submit: "Add meeting", extra };
  }

  get way() {
    return this.form.elements.conferencing;
  }

  wanted() {
    return through(this.way.value, eventIn(this.form));
  }

  /** Chooses a conferencing account that was connected a moment ago. */
  choose(profileId) {
    const known = this.person.conferencing.find((one) => one.profile_id === profileId);
    if (!known) return;
    this.way.value = profileId;
    const sentence = `${providerName(known.provider_name)} is connected. Meetings can use it now.`;
    fill(this.outcome, make("p", { class: "note done" }, sentence));
    this.form.scrollIntoView({ block: "center" });
    this.way.focus({ preventScroll: true });
  }

  showRefusal(refusal, wanted) {
    if (!refusal.errors[FIELD]) {
      super.showRefusal(refusal, wanted);
      return;
    }
    const [{ description }] = refusal.errors[FIELD];
    const explanation = make("p", { class: "meta" });
    fill(
      this.outcome,
      make(
        "div",
        { class: "note refused" },
        make("h3", {}, refusal.title || "This was refused"),
        description !== refusal.detail && make("p", {}, refusal.detail),
        make("p", {}, description),
        make("p", { class: "meta" }, FIELD),
        explanation,
        requestLine(refusal),
        make(
          "div",
          { class: "actions" },
          action("Use default conferencing instead", () => this.useDefault(wanted)),
          action("Connect Teams or Meet", () => this.connectService(wanted)),
        ),
      ),
    );
    this.explain(wanted, explanation);
  }

  /** Adds the gateway's own explanation: which rule, in which mode. Without one the refusal says enough. */
  async explain(wanted, place) {
    const path = `/v1/calendars/${encodeURIComponent(wanted.calendarId)}/events`;
    try {
      const { body } = await this.calls.post("/auth/explain", { method: "POST", path, body: wanted.event });
      const scope = body.scope_covered ? "the scope would allow it" : "the scope does not cover it";
      place.textContent = `Rule ${body.rule} · calendar in ${body.access_mode} mode · ${scope}`;
    } catch {
      place.remove();
    }
  }

  useDefault(wanted) {
    this.way.value = "default";
    find("button[type=submit]", this.form).focus(); // the button that was pressed is about to go
    this.send(through("default", wanted));
  }

  /** Goes to where the person connects a meeting service; Cronofy sends them back here. */
  async connectService(wanted) {
    const isMicrosoft = this.person.calendar(wanted.calendarId)?.profile.provider_name === "ms_graph_free_busy";
    const body = { redirect_uri: home(), ...(isMicrosoft && { provider_name: "ms_teams" }) };
    try {
      const answer = await this.calls.post("/v1/conferencing_service_authorizations", body);
      location.assign(answer.body.authorization_request.url);
    } catch (error) {
      if (!this.onRefusal(error)) showTrouble(this.outcome, error, () => this.connectService(wanted));
    }
  }
}

const accountName = (one) => `${providerName(one.provider_name)} · ${one.profile_name}`;

const through = (way, wanted) => ({ ...wanted, event: { ...wanted.event, conferencing: { profile_id: way } } });
