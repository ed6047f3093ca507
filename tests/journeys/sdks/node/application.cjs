// The Node SDK's calls that an application makes for itself, with its client secret as the key.
'use strict';

const assert = require('node:assert/strict');

module.exports = ({ me, known, newClient, event, callback, NOTIFY, GUEST, answers }) => ({
  async save_smart_invite() {
    const made = await me.createSmartInvite({
      smart_invite_id: 'invite',
      recipient: GUEST,
      event: event('invite'),
      callback_url: NOTIFY
    });
    assert.match(made.attachments.icalendar, /^BEGIN:VCALENDAR/);
  },
  async smart_invite() {
    const found = await me.getSmartInvite({ smart_invite_id: 'invite', recipient_email: GUEST.email });
    assert.equal(found.method, 'request');
  },
  async cancel_smart_invite() {
    assert.equal((await me.cancelSmartInvite({ smart_invite_id: 'invite', recipient: GUEST })).method, 'cancel');
  },
  async create_bookable_event() {
    const made = await me.createBookableEvent({ bookable_event_id: 'talk', event: event('talk') });
    assert.equal(made.bookable_event.bookable_event_id, 'talk');
  },
  async bookable_event() {
    const found = await me.readBookableEvents({ bookable_event_id: 'talk' });
    assert.equal(found.bookable_event.event.event_id, 'talk');
  },
  async register_for_bookable_event() {
    const made = await me.upsertRegistrationBookableEvent({ bookable_event_id: 'talk', attendee: GUEST });
    known.registration = made.registration.registration_id;
    assert.ok(known.registration);
  },
  async unregister_from_bookable_event() {
    await me.deleteRegistrationBookableEvent({ bookable_event_id: 'talk', registration_id: known.registration });
    assert.equal(answers().at(-1).status, 200);
  },
  async create_element_token() {
    const origin = new URL(callback).origin;
    const made = await me.requestElementToken({ permissions: ['agenda'], subs: [known.sub], origin });
    assert.equal(made.element_token.origin, origin);
  },
  async create_link_token() {
    // The SDK has no call for it; this is how its own calls send theirs.
    assert.ok((await me._httpPost('/v1/link_tokens', { access_token: me.config.access_token })).link_token);
  },
  async create_application_calendar() {
    known.application = newClient();
    const made = await known.application.applicationCalendar({ application_calendar_id: 'rooms' });
    assert.match(made.sub, /^apc_/);
  },
  async application_calendar() {
    assert.equal((await known.application.listCalendars()).calendars.length, 1);
  }
});
