// The page: a session at the gateway by cookie, and a ticket for the backend. There is no token in it.

const find = (id) => document.getElementById(id);
const { gateway, client } = await (await fetch("/config.json")).json();

/** Calls the gateway with the cookie, and with the header that only a page of ours can send. */
async function ask(method, path, body) {
  const headers = { "X-CSRF": "1", "Gateway-Client": client, ...(body && { "Content-Type": "application/json" }) };
  const answer = await fetch(gateway + path, { method, headers, body, credentials: "include", cache: "no-store" });
  if (!answer.ok) throw new Error(`The gateway answered ${answer.status}.`);
  return answer.json();
}

/** Calls this page's own backend. */
async function tell(method, body) {
  const answer = await fetch("/me", { method, headers: { "Content-Type": "application/json" }, body });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const described = ({ sub, access_mode: mode }) => `${sub}, connected with ${mode}`;

async function show() {
  const session = await ask("GET", "/auth/session");
  find("signed-in").hidden = !session.authenticated;
  find("signed-out").hidden = session.authenticated;
  if (session.authenticated) find("by-gateway").textContent = described(session);
  const known = await (await fetch("/me")).json();
  find("by-backend").textContent = known.sub ? described(known) : "nothing yet";
  const login = new URL(session.login_url ?? location.href);
  login.searchParams.set("return_to", new URL("/", location.href).href);
  find("sign-in").href = login.href;
}

async function showTicket() {
  const { ticket } = await ask("POST", "/auth/ticket", "{}");
  find("by-backend").textContent = described(await tell("POST", JSON.stringify({ ticket })));
}

async function signOut() {
  await tell("DELETE");
  await ask("POST", "/auth/logout", "{}");
  await show();
  find("sign-in").focus();
}

/** Runs something on a press, and says what went wrong. */
function onPress(id, run) {
  find(id).addEventListener("click", async () => {
    find("notice").textContent = "";
    await run().catch((error) => {
      find("notice").textContent = error.message;
    });
  });
}

onPress("tell", showTicket);
onPress("sign-out", signOut);
const refused = new URLSearchParams(location.search).get("error_description");
if (refused) find("notice").textContent = refused;
history.replaceState(null, "", "/");
await show();
