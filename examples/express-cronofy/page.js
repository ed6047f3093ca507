// The app's one page, written out; everything that came from elsewhere is escaped.
'use strict';

const SIGNS = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const safe = (text) => String(text ?? '').replace(/[&<>"']/g, (sign) => SIGNS[sign]);

const connected = ({ calendars, mode, formToken }) => `
<p>Connected with <strong id="mode">${safe(mode)}</strong>.</p>
<ul>${calendars.map((one) => `<li>${safe(one.calendar_name)}</li>`).join('')}</ul>
<form method="post" action="/events">
  <input type="hidden" name="form_token" value="${safe(formToken)}">
  <p><label>Event of tomorrow <input name="summary" value="Lunch" required></label></p>
  <p><label>in <select name="calendar">${calendars
    .filter((one) => !one.calendar_readonly)
    .map((one) => `<option value="${safe(one.calendar_id)}">${safe(one.calendar_name)}</option>`)
    .join('')}</select></label></p>
  <p><label><input type="checkbox" name="conference"> with a conference of the calendar's own (Meet or Teams)</label></p>
  <p><button>Add it</button></p>
</form>
<form method="post" action="/disconnect">
  <input type="hidden" name="form_token" value="${safe(formToken)}">
  <p><button>Disconnect</button></p>
</form>`;

module.exports = ({ notice, ...facts }) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Calendars</title>
<h1>Calendars</h1>
${notice ? `<p role="status">${safe(notice)}</p>` : ''}
${facts.calendars ? connected(facts) : '<p><a href="/connect">Connect a calendar</a></p>'}
</html>
`;
