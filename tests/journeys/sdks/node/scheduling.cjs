// The Node SDK's calls about availability, scheduling links and notification channels.
'use strict';

const assert = require('node:assert/strict');

module.exports = ({ me, known, at, participants, periods, sequence, allPages, callback, NOTIFY, RULE }) => ({
  async availability() {
    const asked = { participants: participants(), required_duration: { minutes: 30 }, available_periods: periods() };
    const { available_periods: found } = await me.availability(asked);
    assert.deepEqual(found[0].participants, [{ sub: known.sub }]);
  },
  async sequenced_availability() {
    const { sequences } = await me.sequencedAvailability(sequence());
    assert.deepEqual(sequences[0].sequence.map((one) => one.sequence_id), ['first', 'second']);
  },
  async create_available_period() {
    // One more than fits on a page.
    for (let number = 0; number < 21; number += 1) {
      const day = at(number + 1);
      await me.upsertAvailablePeriod({ available_period_id: `period_${number}`, start: day, end: at(number + 1.5) });
    }
  },
  async available_periods() {
    const asked = { tzid: 'Etc/UTC' };
    const found = await allPages((options) => me.listAvailablePeriods(options), asked, 'available_periods');
    assert.equal(found.length, 21);
  },
  async delete_available_periods() {
    await me.deleteAvailablePeriods({ available_period_id: 'period_0' });
    assert.equal((await me.listAvailablePeriods({ tzid: 'Etc/UTC' })).available_periods.length, 20);
    await me.deleteAvailablePeriods({ delete_all: true });
    assert.deepEqual((await me.listAvailablePeriods({ tzid: 'Etc/UTC' })).available_periods, []);
  },
  async save_availability_rule() {
    assert.deepEqual((await me.upsertAvailabilityRule(RULE)).availability_rule, RULE);
  },
  async availability_rule() {
    const { availability_rule: found } = await me.readAvailabilityRule({ availability_rule_id: 'work_hours' });
    assert.deepEqual(found, RULE);
  },
  async availability_rules() {
    assert.deepEqual((await me.listAvailabilityRules()).availability_rules, [RULE]);
  },
  async delete_availability_rule() {
    await me.deleteAvailabilityRule({ availability_rule_id: 'work_hours' });
    assert.deepEqual((await me.listAvailabilityRules()).availability_rules, []);
  },
  async create_channel() {
    const filters = { calendar_ids: [known.calendar] };
    known.channel = (await me.createNotificationChannel({ callback_url: NOTIFY, filters })).channel.channel_id;
  },
  async channels() {
    const { channels } = await me.listNotificationChannels();
    assert.deepEqual(channels.map((one) => one.channel_id), [known.channel]);
  },
  async close_channel() {
    await me.deleteNotificationChannel({ channel_id: known.channel });
    assert.deepEqual((await me.listNotificationChannels()).channels, []);
  },
  async create_real_time_scheduling() {
    const made = await me.realTimeScheduling({
      availability: { participants: participants(), required_duration: { minutes: 30 }, available_periods: periods() },
      oauth: { redirect_uri: callback, scope: 'create_event' },
      event: { event_id: 'booked', summary: 'Booked', tzid: 'Etc/UTC' },
      target_calendars: [{ sub: known.sub, calendar_id: known.calendar }]
    });
    assert.ok(made.real_time_scheduling.url);
  },
  async create_real_time_sequencing() {
    const made = await me.realTimeSequencing({
      availability: sequence(),
      oauth: { redirect_uri: callback },
      event: { event_id: 'steps', summary: 'Interview', tzid: 'Etc/UTC' },
      target_calendars: [{ sub: known.sub, calendar_id: known.calendar }]
    });
    assert.ok(made.real_time_sequencing.url);
  },
  async add_to_calendar() {
    const event = { event_id: 'added', summary: 'Added', start: at(1), end: at(1.05) };
    assert.ok((await me.addToCalendar({ oauth: { redirect_uri: callback, scope: 'create_event' }, event })).url);
  }
});
