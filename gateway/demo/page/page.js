// The page: reads the session, shows one of two views, and introduces the parts to one another.

import { Addition } from "./addition.js";
import { showBadge } from "./badge.js";
import { Calls, Refusal } from "./calls.js";
import { Conference } from "./conference.js";
import { prepareConnect } from "./connect.js";
import { prepareDeparture } from "./departure.js";
import { find, make } from "./element.js";
import { Events } from "./events.js";
import { showFacts } from "./facts.js";
import { showNews, showNotice, takeNews } from "./notice.js";
import { Person, showProfiles } from "./profiles.js";
import { Session, readConfig } from "./session.js";
import { showTrouble } from "./trouble.js";
import { Week } from "./week.js";

const PATIENCE_MS = [0, 800, 2000]; // Cronofy's 202 is a promise: the event shows a moment later

const news = takeNews();
let calls;
let session; // the one that is shown

async function start() {
  try {
    calls ??= new Calls(await readConfig());
    await showSession(await Session.read(calls));
    showNews(news);
  } catch (error) {
    find("#waiting").hidden = true;
    showTrouble(find("#notice"), asRefusal(error), start);
  }
}

async function showSession(present) {
  session = present;
  find("#waiting").hidden = true;
  find("#signed-out").hidden = session.isSignedIn;
  find("#signed-in").hidden = find("#sign-out").hidden = !session.isSignedIn;
  showFacts(session);
  prepareConnect(session);
  if (session.isSignedIn) await showSignedIn();
}

async function showSignedIn() {
  const { profile, access_mode: mode, reconnect_required: isLost } = session.facts;
  find("#person").textContent = profile?.profile_name ?? (session.isService ? "Your organisation" : "Connected");
  find("#person-email").textContent = "";
  showBadge(find("#badge"), [mode]);
  find("#service").hidden = !session.isService;
  showCalendarParts(false);
  prepareDeparture(session, { onSignedOut: showSignedOut, onRefusal });
  if (isLost) showLost();
  else await showPerson();
}

/** The session stands, but Cronofy does not take its connection any more. */
function showLost() {
  showCalendarParts(false);
  const href = session.loginUrl({ connect: session.isService ? "enterprise" : "individual" });
  showNotice("Cronofy no longer accepts this connection.", make("a", { class: "button", href }, "Connect again"));
  find("#person").focus();
}

async function showPerson() {
  let answer;
  try {
    answer = await calls.get("/v1/userinfo");
  } catch (error) {
    if (!onRefusal(error)) showTrouble(find("#notice"), asRefusal(error), showPerson);
    return;
  }
  const person = new Person(answer.body);
  find("#person").textContent = person.name || person.email;
  find("#person-email").textContent = person.name ? person.email : "";
  showBadge(find("#badge"), answer.modes.length ? answer.modes : [session.facts.access_mode]);
  if (session.isService) find("#service-domain").textContent = person.domain ? `${person.domain} is connected.` : "";
  else await showCalendars(person);
}

function showCalendarParts(isShown) {
  for (const part of document.querySelectorAll("[data-needs=calendars]")) part.hidden = !isShown;
}

async function showCalendars(person) {
  showCalendarParts(true);
  showProfiles(find("#profiles"), person);
  const week = new Week(find("#week"), calls, onRefusal);
  const events = new Events(find("#events"), calls, person, onRefusal);
  const onAdded = async (event) => (await Promise.all([showUntilThere(week, event), events.show()]))[0];
  new Addition(find("#addition"), { calls, person, onAdded, onRefusal });
  const conference = new Conference(find("#conference"), { calls, person, onAdded, onRefusal });
  await Promise.all([week.show(), events.show()]);
  if (news.last_linked_profile_id) conference.choose(news.last_linked_profile_id);
}

/** Draws the week until it has an event, and says whether it does. */
async function showUntilThere(week, event) {
  if (!week.covers(event)) return false;
  for (const pause of PATIENCE_MS) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if ((await week.show()).has(event.event_id)) return true;
  }
  return false;
}

/** Deals with what concerns the whole page, a session or a connection that is over; says whether it did. */
function onRefusal(error) {
  if (!(error instanceof Refusal)) throw error;
  if (!error.isSignedOut) return false;
  if (error.code === "reconnect_required") showLost();
  else showSignedOut("Your session is over. Connect again to go on; your calendar is as you left it.");
  return true;
}

async function showSignedOut(sentence) {
  await showSession(session.ended);
  showNotice(sentence);
  find("#signed-out h1").focus();
}

function asRefusal(error) {
  if (error instanceof Refusal) return error;
  return new Refusal(0, { title: "The page is broken", detail: String(error) });
}

start();
