// Calls of the gateway: with the cookie, and with the fixed header that only a page of ours can send.

/** A call that came to nothing; `status` is 0 when nobody answered. */
export class Refusal extends Error {
  constructor(status, problem, headers) {
    super(problem.detail || problem.title || `The answer was ${status}.`);
    this.status = status;
    this.title = problem.title || "";
    this.detail = problem.detail || "";
    this.code = headers?.get("Gateway-Error") || problem.code || "";
    this.errors = problem.errors || {};
    this.loginUrl = problem.login_url || "";
    this.requestId = headers?.get("X-Request-Id") || problem.request_id || "";
    this.retryAfter = Number(headers?.get("Retry-After")) || 0;
  }

  get isSignedOut() {
    return this.status === 401 && this.loginUrl !== "";
  }

  get mayPass() {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

export class Calls {
  constructor({ gateway, client }) {
    this.gateway = gateway;
    this.headers = { "X-CSRF": "1", "Gateway-Client": client };
  }

  get(target) {
    return this.send("GET", target);
  }

  post(target, body) {
    return this.send("POST", target, body);
  }

  /** Resolves to what was answered: `status`, `body` (null if there is none) and `modes`. */
  async send(method, target, body) {
    const url = new URL(target, this.gateway);
    const headers = { ...this.headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
    const request = { method, headers, credentials: "include", redirect: "error", cache: "no-store" };
    let response;
    let text;
    try {
      response = await fetch(url, { ...request, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      text = await response.text();
    } catch {
      throw new Refusal(0, { title: "The gateway does not answer" });
    }
    const answer = parsed(text);
    if (!response.ok) throw new Refusal(response.status, answer ?? {}, response.headers);
    return { status: response.status, body: answer, modes: modesIn(response.headers.get("Cronofy-Access-Mode")) };
  }

  /** Follows `pages.next_page` to the end and yields each answer. */
  async *pages(target) {
    for (let next = target; next; ) {
      const answer = await this.get(next);
      yield answer;
      next = answer.body.pages.next_page;
    }
  }
}

/** Reads the mode header: one mode, or a list of them for an account whose profiles differ. */
function modesIn(header) {
  return (header || "").split(",").map((mode) => mode.trim()).filter(Boolean);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
