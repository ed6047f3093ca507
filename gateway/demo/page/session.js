// The session: what the gateway tells about it, how one begins and how it ends. There is no token in it.

export async function readConfig() {
  return (await fetch("/config.json")).json();
}

/** This page, as the place to come back to. */
export const home = () => new URL("/", location.href).href;

export class Session {
  constructor(calls, facts) {
    this.calls = calls;
    this.facts = facts;
    this.readAt = Date.now();
  }

  static async read(calls) {
    return new Session(calls, (await calls.get("/auth/session")).body);
  }

  get isSignedIn() {
    return this.facts.authenticated === true;
  }

  get isService() {
    return (this.facts.sub || "").startsWith("ser_");
  }

  /** This session when it is over: the way to the next one is all that is left of it. */
  get ended() {
    return new Session(this.calls, { authenticated: false, login_url: this.facts.login_url });
  }

  /** Seconds left until `expires_in` or `idle_expires_in` has run out. */
  left(name) {
    return Math.max(0, Math.round(this.facts[name] - (Date.now() - this.readAt) / 1000));
  }

  /** Where a sign-in begins; empty wishes are left out. */
  loginUrl({ connect = "individual", mode = "", provider = "" } = {}) {
    const url = new URL(this.facts.login_url);
    for (const [name, value] of Object.entries({ return_to: home(), connect, mode, provider })) {
      if (value) url.searchParams.set(name, value);
    }
    return url.href;
  }

  async reconnectUrl({ mode, provider }) {
    const wish = { ...(mode && { mode }), ...(provider && { provider }), return_to: home() };
    return (await this.calls.post("/auth/reconnect", wish)).body.login_url;
  }

  end({ revoke = false } = {}) {
    return this.calls.post("/auth/logout", revoke ? { revoke: true } : {});
  }
}

/** Reads a choice such as "free_busy google" from a form. */
export function wishIn(text) {
  const [mode = "", provider = ""] = text.split(" ");
  return { mode, provider };
}
