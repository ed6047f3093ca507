// An OAuth library of npm, as its documentation says, makes the calls of an app through the gateway.
//
// JOURNEY names it. One JSON line per call goes to standard output: {name, ok, detail, answers}. A line {visit: url} asks
// for the person's browser; where it came back to is the next line of standard input.
import assert from 'node:assert/strict';
import readline from 'node:readline';

const journey = JSON.parse(process.env.JOURNEY);
const { library, gateway, emulator, custody, names } = journey;
const input = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const print = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const visit = async (url) => {
  print({ visit: String(url) });
  return new URL((await input.next()).value);
};

const known = {};
const keep = async (tokens) => {
  assert.equal(tokens.token_type.toLowerCase(), 'bearer');
  assert.ok(tokens.expires_in > 0 && tokens.refresh_token);
  assert.notEqual(tokens.access_token, known.access);
  known.access = tokens.access_token;
  known.renewal = tokens.refresh_token;
  // What the app holds opens Cronofy itself in custody `client` only.
  const there = await fetch(`${emulator}/v1/account`, { headers: { Authorization: `Bearer ${known.access}` } });
  assert.equal(there.status, custody === 'client' ? 200 : 401);
};

const { send, ...oauth } = await (await import(`./${library}.mjs`)).default({ ...journey, visit, known, keep });

const call = async (method, path, { body, status = 200 } = {}) => {
  const url = new URL(path, gateway);
  assert.ok(url.href.startsWith(`${gateway}/v1/`), url.href);
  const answer = await send(method, url, body && JSON.stringify(body));
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get('cronofy-access-mode'), 'free_busy');
  return answer.json();
};
const at = (days) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+Z/, 'Z');

const calls = {
  ...oauth,
  async calendars() {
    const { calendars } = await call('GET', '/v1/calendars');
    known.calendar = calendars.find((one) => !one.calendar_readonly).calendar_id;
    known.sub = (await call('GET', '/v1/userinfo')).sub;
  },
  async read_events() {
    let page = await call('GET', `/v1/free_busy?${new URLSearchParams({ tzid: 'Etc/UTC', from: at(-30), to: at(60) })}`);
    assert.ok(page.pages.total > 1);
    while (page.pages.next_page) page = await call('GET', page.pages.next_page);
    assert.equal(page.pages.current, page.pages.total);
  },
  async batch() {
    const relative_url = `/v1/calendars/${known.calendar}/events`;
    const event = { event_id: 'one', summary: 'One', description: '', start: at(1), end: at(1.05), tzid: 'Etc/UTC' };
    const batch = [
      { method: 'POST', relative_url, data: event },
      { method: 'DELETE', relative_url, data: { event_id: 'one' } }
    ];
    const done = await call('POST', '/v1/batch', { body: { batch }, status: 207 });
    assert.deepEqual(done.batch.map((one) => one.status), [202, 202]);
  },
  async availability() {
    const body = {
      participants: [{ required: 'all', members: [{ sub: known.sub }] }],
      required_duration: { minutes: 30 },
      query_periods: [{ start: at(2), end: at(4) }]
    };
    assert.ok((await call('POST', '/v1/availability', { body })).available_periods.length > 0);
  },
  async revoke_token() {
    await oauth.revoke_token();
    const answer = await fetch(`${gateway}/v1/userinfo`, { headers: { Authorization: `Bearer ${known.access}` } });
    assert.equal(answer.status, 401);
    await assert.rejects(oauth.refresh_token());
  }
};

for (const name of names) {
  let detail = '';
  try {
    await calls[name]();
  } catch (error) {
    detail = error.stack ?? String(error);
  }
  print({ name, ok: detail === '', detail, answers: [] });
}
process.stdin.destroy(); // or it would keep the process waiting
