// Each call of the Node SDK, as an app makes it, with what it must come to.
//
// Nothing of the SDK is changed but its base URL. One JSON line per call goes to standard output:
// {name, ok, detail, answers: [{url, status, mode}]}. A line {visit: url} asks for the person's browser instead; where it
// came back to is the next line of standard input.
'use strict';

const assert = require('node:assert/strict');
const readline = require('node:readline');
const Cronofy = require('cronofy');
// The SDK's own axios: its interceptors see every answer without a change to either.
const axios = require(require.resolve('axios', { paths: [require.resolve('cronofy')] }));

const { gateway, callback, client_id, client_secret, scope, service_token, business_token, names } = JSON.parse(
  process.env.JOURNEY
);
const NOTIFY = 'https://app.example.com/notify';
const RULE = {
  availability_rule_id: 'work_hours',
  tzid: 'Europe/Berlin',
  weekly_periods: [{ day: 'monday', start_time: '09:00', end_time: '17:00' }]
};
const GUEST = { email: 'guest@example.com' };
const known = {};

let answers = [];
const note = (response) => {
  const mode = response.headers['cronofy-access-mode'] ?? null;
  answers.push({ url: response.config.url, status: response.status, mode });
  return response;
};
axios.interceptors.response.use(note, (error) => {
  if (error.response) note(error.response);
  throw error;
});

const input = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const print = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const visit = async (url) => {
  print({ visit: url });
  return new URL((await input.next()).value);
};

const newClient = (more) => {
  const client = new Cronofy({ client_id, client_secret, ...more });
  client.urls.api = gateway;
  return client;
};
const me = newClient();
const service = newClient({ access_token: service_token });
const business = newClient({ access_token: business_token });

const at = (days) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+Z/, 'Z');
const event = (event_id) => ({
  event_id,
  summary: 'Board meeting',
  description: 'Discuss plans',
  start: at(1),
  end: at(1.05),
  tzid: 'Etc/UTC'
});
const participants = () => [{ required: 'all', members: [{ sub: known.sub }] }];
const periods = () => [{ start: at(2), end: at(4) }];
const step = (sequence_id, ordinal) => ({
  sequence_id,
  ordinal,
  participants: participants(),
  required_duration: { minutes: 30 }
});
const sequence = () => ({ sequence: [step('first', 1), step('second', 2)], available_periods: periods() });
const managed = async () => {
  const page = await me.readEvents({ tzid: 'Etc/UTC', only_managed: true });
  return page.events.map((one) => one.event_id).sort();
};

// Follow next_page to the end, as the SDK's readers do when they are handed one.
const allPages = async (read, first, name) => {
  let page = await read(first);
  const items = [...page[name]];
  assert.ok(page.pages.total > 1);
  while (page.pages.next_page) {
    assert.ok(page.pages.next_page.startsWith(`${gateway}/v1/${name}/pages/`));
    page = await read({ next_page: page.pages.next_page });
    items.push(...page[name]);
  }
  assert.equal(page.pages.current, page.pages.total);
  return items;
};

const calls = {
  async authorize() {
    // The SDK has no call for it: apps write this URL themselves.
    const asked = { response_type: 'code', client_id, redirect_uri: callback, scope, state: 'a state' };
    const back = await visit(`${gateway}/oauth/authorize?${new URLSearchParams(asked)}`);
    assert.equal(back.searchParams.get('state'), 'a state');
    known.code = back.searchParams.get('code');
  },
  async exchange_code() {
    const tokens = await me.requestAccessToken({ code: known.code, redirect_uri: callback });
    assert.ok(tokens.access_token && tokens.refresh_token && tokens.linking_profile.profile_id);
  },
  async refresh_token() {
    const before = me.config.access_token;
    assert.notEqual((await me.refreshAccessToken()).access_token, before);
  },
  async wrong_secret() {
    const other = newClient({ client_secret: 'not-the-secret-0123456789abcdef', refresh_token: me.config.refresh_token });
    await assert.rejects(other.refreshAccessToken(), (told) => {
      assert.equal(told.statusCode, 400);
      return told.error.entity.error === 'invalid_client';
    });
  },
  async userinfo() {
    known.sub = (await me.userInfo()).sub;
    assert.match(known.sub, /^acc_/);
  },
  async account() {
    assert.equal((await me.accountInformation()).account.account_id, known.sub);
  },
  async profiles() {
    known.profile = (await me.profileInformation()).profiles[0].profile_id;
  },
  async calendars() {
    known.calendar = (await me.listCalendars()).calendars.find((one) => !one.calendar_readonly).calendar_id;
  },
  async create_calendar() {
    const made = await me.createCalendar({ profile_id: known.profile, name: 'Team' });
    assert.equal(made.calendar.calendar_name, 'Team');
  },
  async read_events() {
    const asked = { tzid: 'Etc/UTC', from: at(-30), to: at(60) };
    const events = await allPages((options) => me.readEvents(options), asked, 'events');
    assert.equal(new Set(events.map((one) => one.event_uid)).size, events.length);
    known.event_uid = events.find((one) => one.calendar_id === known.calendar).event_uid;
  },
  async free_busy() {
    const asked = { tzid: 'Etc/UTC', from: at(-30), to: at(60) };
    const blocks = await allPages((options) => me.freeBusy(options), asked, 'free_busy');
    assert.ok(blocks.every((one) => one.free_busy_status));
  },
  async upsert_event() {
    await me.createEvent({ calendar_id: known.calendar, ...event('meeting') });
    assert.deepEqual(await managed(), ['meeting']);
  },
  async delete_event() {
    await me.deleteEvent({ calendar_id: known.calendar, event_id: 'meeting' });
    assert.deepEqual(await managed(), []);
  },
  async request_permissions() {
    const permissions = [{ calendar_id: known.calendar, permission_level: 'unrestricted' }];
    const answer = await me.elevatedPermissions({ permissions, redirect_uri: callback });
    await visit(answer.permissions_request.url);
    const { calendars } = await me.listCalendars();
    const calendar = calendars.find((one) => one.calendar_id === known.calendar);
    assert.equal(calendar.permission_level, 'unrestricted');
  },
  async edit_external_event() {
    const { calendar, event_uid } = known;
    await me.updateExternalEvent({ calendar_id: calendar, event_uid, summary: 'Moved', start: at(1), end: at(1.05) });
    assert.equal(answers.at(-1).status, 202);
  },
  async delete_external_event() {
    await me.deleteExternalEvent({ calendar_id: known.calendar, event_uid: known.event_uid });
    assert.equal(answers.at(-1).status, 202);
  },
  async batch() {
    const relative_url = `/v1/calendars/${known.calendar}/events`;
    const done = await me.batch({
      batch: [
        { method: 'POST', relative_url, data: event('one') },
        { method: 'POST', relative_url, data: event('two') },
        { method: 'DELETE', relative_url, data: { event_id: 'two' } }
      ]
    });
    assert.deepEqual(done.batch.map((one) => one.status), [202, 202, 202]);
    assert.deepEqual(await managed(), ['one']);
  },
  async bulk_delete_events() {
    await me.bulkDeleteEvents({ calendar_ids: [known.calendar] });
    assert.deepEqual(await managed(), []);
    await me.createEvent({ calendar_id: known.calendar, ...event('three') });
    await me.bulkDeleteEvents({ delete_all: true });
    assert.deepEqual(await managed(), []);
  },
  ...require('./scheduling.cjs')({ me, known, at, participants, periods, sequence, allPages, callback, NOTIFY, RULE }),
  ...require('./application.cjs')({ me, known, newClient, event, callback, NOTIFY, GUEST, answers: () => answers }),
  async authorize_conferencing() {
    const answer = await me.conferencingServiceAuthorizations({ redirect_uri: callback, provider_name: 'zoom' });
    const back = await visit(answer.authorization_request.url);
    assert.match(back.searchParams.get('last_linked_profile_id'), /^pro_/);
  },
  async authorize_with_service_account() {
    await service.authorizeWithServiceAccount({ email: 'a@example.com', scope, callback_url: callback, state: 's' });
    assert.equal(answers.at(-1).status, 202);
  },
  async accessible_calendars() {
    const { accessible_calendars: found } = await business.listAccessibleCalendars({ profile_id: known.profile });
    assert.ok(found.length > 0);
  },
  async authorize_delegated() {
    const wanted = { profile_id: known.profile, email: 'colleague@example.com', callback_url: callback };
    await business.delegatedAuthorizations({ ...wanted, scope: 'read_events' });
    assert.equal(answers.at(-1).status, 202);
  },
  async revoke_profile() {
    await me.revokeProfileAuthorization({ profile_id: known.profile });
    const { profiles } = await me.profileInformation();
    assert.ok(profiles.every((one) => one.profile_id !== known.profile || !one.profile_connected));
  },
  async revoke_token() {
    const dead = newClient({ access_token: me.config.access_token });
    await me.revokeAuthorization();
    assert.equal(me.config.access_token, undefined);
    await assert.rejects(dead.userInfo(), { statusCode: 401 });
  }
};

const main = async () => {
  for (const name of names) {
    answers = [];
    let detail = '';
    try {
      await calls[name]();
    } catch (error) {
      detail = error.stack ?? String(error);
    }
    print({ name, ok: detail === '', detail, answers });
  }
  process.stdin.destroy(); // or it would keep the process waiting
};

main();
