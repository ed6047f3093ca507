// An Express app on Cronofy's Node SDK, with Cronofy Gateway between it and Cronofy.
'use strict';

const { randomBytes, timingSafeEqual } = require('node:crypto');
const Cronofy = require('cronofy');
const express = require('express');
const session = require('express-session');
const page = require('./page.js');

const {
  GATEWAY = 'http://127.0.0.1:8080',
  PUBLIC_URL = 'http://127.0.0.1:3000',
  CLIENT_ID: client_id = 'demo-sdk',
  CLIENT_SECRET: client_secret = 'demo-sdk-secret',
  SECRET_KEY = random()
} = process.env;
const SCOPE = 'read_events create_event delete_event free_busy_write';
const redirect_uri = `${PUBLIC_URL}/callback`;

// Tokens by account: a table in your database. They belong in no cookie, page or log.
const connections = new Map();

function random() {
  return randomBytes(24).toString('base64url');
}

function same(one, other) {
  const [left, right] = [Buffer.from(one ?? ''), Buffer.from(String(other ?? ''))];
  return left.length > 0 && left.length === right.length && timingSafeEqual(left, right);
}

function newClient(tokens) {
  const client = new Cronofy({ client_id, client_secret, ...tokens });
  client.urls.api = GATEWAY; // all that the gateway changes
  return client;
}

// Makes a call for the person who is signed in; a token that has ended is refreshed once.
async function call(sub, make) {
  const client = newClient(connections.get(sub));
  try {
    return await make(client);
  } catch (error) {
    if (error.statusCode !== 401) throw error;
  }
  const { access_token, refresh_token } = await client.refreshAccessToken(); // keep both: either may be another one
  connections.set(sub, { access_token, refresh_token });
  return make(client);
}

// The SDK shows bodies only, and the mode is in a header: this call is made without it.
async function modeOf(client) {
  const headers = { Authorization: `Bearer ${client.config.access_token}` };
  return (await fetch(`${GATEWAY}/v1/account`, { headers })).headers.get('Cronofy-Access-Mode');
}

const app = express();
app.disable('x-powered-by');
app.use(express.urlencoded({ extended: false }));
app.use(
  session({
    secret: SECRET_KEY,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: PUBLIC_URL.startsWith('https:') }
  })
);
app.use((request, response, next) => {
  response.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff'
  });
  next();
});

const back = (response, notice) => response.redirect(303, `/?${new URLSearchParams({ notice })}`);

app.get('/', async (request, response) => {
  const { notice } = request.query;
  const { sub } = request.session;
  if (!connections.has(sub)) return response.send(page({ notice }));
  request.session.formToken ??= random();
  const { calendars } = await call(sub, (client) => client.listCalendars());
  const mode = await call(sub, modeOf);
  response.send(page({ notice, calendars, mode, formToken: request.session.formToken }));
});

// The state ties Cronofy's answer to this browser. The SDK has no call for the link.
app.get('/connect', (request, response) => {
  request.session.state = random();
  const asked = { response_type: 'code', client_id, redirect_uri, scope: SCOPE, state: request.session.state };
  response.redirect(`${GATEWAY}/oauth/authorize?${new URLSearchParams(asked)}`);
});

app.get('/callback', async (request, response) => {
  const { state: expected } = request.session;
  delete request.session.state;
  const { state, code } = request.query;
  if (!same(expected, state)) return response.status(400).send('This sign-in was not begun in this browser.');
  if (typeof code !== 'string') return back(response, 'Nothing was connected.');
  const client = newClient();
  const { access_token, refresh_token } = await client.requestAccessToken({ code, redirect_uri });
  const { sub } = await client.userInfo();
  connections.set(sub, { access_token, refresh_token });
  await new Promise((done, failed) => request.session.regenerate((error) => (error ? failed(error) : done())));
  request.session.sub = sub;
  response.redirect('/');
});

// No other page can send these forms.
const checked = (request, response, next) => {
  if (!connections.has(request.session.sub)) return response.status(401).send('Connect a calendar first.');
  if (!same(request.session.formToken, request.body?.form_token)) {
    return response.status(403).send('Send the form again, from the page.');
  }
  next();
};

app.post('/events', checked, async (request, response) => {
  const { calendar: calendar_id, summary, conference } = request.body;
  const start = new Date(Date.now() + 86_400_000);
  start.setUTCMinutes(0, 0, 0);
  const time = (date) => date.toISOString().replace('.000Z', 'Z');
  const event = {
    calendar_id,
    event_id: random(),
    summary,
    description: '',
    start: time(start),
    end: time(new Date(start.getTime() + 1_800_000)),
    tzid: 'Etc/UTC'
  };
  const add = (more) => call(request.session.sub, (client) => client.createEvent({ ...event, ...more }));
  try {
    await add(conference ? { conferencing: { profile_id: 'integrated' } } : {});
  } catch (error) {
    if (error.statusCode !== 422 || !conference) throw error;
    await add({});
    return back(response, `${reasons(error)} The event is on its way without one.`);
  }
  back(response, 'The event is on its way.');
});

app.post('/disconnect', checked, async (request, response) => {
  await call(request.session.sub, (client) => client.revokeAuthorization());
  connections.delete(request.session.sub);
  await new Promise((done) => request.session.destroy(done));
  back(response, 'Disconnected.');
});

// The sentences of a 422, in Cronofy's shape: {"errors": {field: [{key, description}]}}.
function reasons(error) {
  const found = Object.values(error.error.entity.errors ?? {}).flat();
  return found.map((one) => one.description).join(' ');
}

// By status alone: an error of the SDK may hold what was sent.
app.use((error, request, response, next) => {
  if (response.headersSent) return next(error);
  console.warn('the call ended with', error.statusCode ?? error.name);
  if (error.statusCode !== 400 && error.statusCode !== 401) {
    return response.status(502).send('The calendar could not be reached.');
  }
  connections.delete(request.session.sub);
  delete request.session.sub;
  back(response, 'Please connect the calendar again.');
});

app.listen(Number(new URL(PUBLIC_URL).port) || 3000, '127.0.0.1', () => console.log(`The app is at ${PUBLIC_URL}`));
