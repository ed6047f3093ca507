"""The names of the log events: `thing.past_verb`, fixed, never a sentence. Facts go into fields.

No event carries a token, code, state, key, secret, session id or body.
"""

from typing import Final

EVENTS: Final[dict[str, str]] = {
    "arbiter.told": "The arbiter, which looks after the workers, has something to say; `text` says what.",
    "answer.withheld": "Cronofy's error repeated a credential of the gateway's, so its body was not passed on.",
    "authorize.passed": "A person was sent on to Cronofy.",
    "authorize.refused": "An authorize request was turned down; `code` says why.",
    "check.finished": "One line for each question of an engine: for what call, for whom, how it was answered.",
    "client.ignored": "Something that the store says of a client does not count; `problem` says why.",
    "clients.refreshed": "What the store says of clients has changed and was taken over.",
    "connection.ended": "A client's backend ended its connection to an account.",
    "callback.forwarded": "A delegated account's callback was signed anew and taken by the client's app.",
    "callback.received": "Cronofy told how a delegated account went; `granted` says whether there is a code.",
    "callback.rejected": "A callback is not Cronofy's, or nobody's; nothing was forwarded. `reason` says why.",
    "callback.undelivered": "The client's app did not take a callback, so Cronofy is told to send it again.",
    "connection.lost": "The person has to connect again; `lost_by` says how it came to that.",
    "delegation.ended": "A service account ended, and with it what was connected through it: `ended` connections.",
    "gateway.started": "The gateway answers on its addresses.",
    "gateway.reloaded": "The settings were read again and taken over; `needs_restart` names those that have to wait.",
    "gateway.reload_refused": "The settings on disk cannot be used; `problems` says why, and all stays as it was.",
    "gateway.stopped": "The gateway has drained and ended.",
    "gateway.draining": "A stop was asked for; no new connections, calls under way are finished.",
    "gateway.warned": "A setting that is fine on loopback only, or weak; `about` says which.",
    "key.chosen": "Records are sealed with another key from now on, which all nodes hold.",
    "lease.lost": "A lease ran out while its work still ran: the store was away or slow.",
    "mode.refused": "A person connected in a mode that the client does not take, and was sent back.",
    "mode.warned": "A person connected in a mode that the client does not take, and was let in.",
    "modes.learnt": "An account's access modes were learnt from userinfo.",
    "modes.lookup_failed": "Userinfo could not be asked or read; the header says unknown.",
    "object.late": "Whose a new object is could not be written; it is tried again until the store takes it.",
    "profile.revoked": "One profile was disconnected at Cronofy; the account's others were left alone.",
    "records.swept": "Expired records were removed from the store.",
    "refresh.interrupted": "A refresh token was used again after an answer was lost; `outcome` says how it went.",
    "request.failed": "An unexpected error in the gateway itself; the traceback holds no request data.",
    "request.finished": "One line for each request: what, for whom, how it ended, how long it took.",
    "request.malformed": "A request that is not HTTP, or over the limits, got the fixed 400.",
    "request.refused": "Private facts about a refusal; `code` is in the answer too.",
    "store.awaited": "The record store is not there yet; the gateway waits for it, and is not ready.",
    "store.failed": "The record store could not be used.",
    "store.lost": "The record store does not answer any more; calls that need it are 503 until it is back.",
    "store.recovered": "The record store answers again.",
    "store.warned": "The record store is set up so that records can get lost.",
    "token.bound": "A token set went to its client, bound by hashes, or handles for it did; see `custody`.",
    "rule.observed": "A rule that only observes would have refused this call.",
    "secret.changed": "Cronofy refused an application's secret and took the other one, which is used from now on.",
    "secret.refused": "Cronofy refused every secret that this gateway has of an application.",
    "session.began": "A person signed in.",
    "session.outgrown": "A session's new tokens do not fit into its cookie; the old cookie was left alone.",
    "session.ended": "A person ended a session: `elsewhere`, of another browser; `revoked`, with the connection.",
    "token.renewed": "An access token was refreshed for all who waited.",
    "token.refused": "A token request was turned down by this gateway; `code` says why.",
    "token.ungranted": "A grant lacks free_busy_write, or holds more than it may; `action` says what was done.",
    "token.revoked": "A revocation was passed on.",
    "upstream.failed": "Cronofy could not be reached, was too slow, or its answer could not be used.",
    "upstream.retried": "A safe call was sent again because a kept connection had gone stale.",
    "worker.failed": "A worker could not open what it needs; the arbiter starts another one.",
}

ANSWER_WITHHELD: Final = "answer.withheld"
ARBITER_TOLD: Final = "arbiter.told"
AUTHORIZE_PASSED: Final = "authorize.passed"
AUTHORIZE_REFUSED: Final = "authorize.refused"
CHECK_FINISHED: Final = "check.finished"
CLIENT_IGNORED: Final = "client.ignored"
CLIENTS_REFRESHED: Final = "clients.refreshed"
CONNECTION_ENDED: Final = "connection.ended"
CALLBACK_FORWARDED: Final = "callback.forwarded"
CALLBACK_RECEIVED: Final = "callback.received"
CALLBACK_REJECTED: Final = "callback.rejected"
CALLBACK_UNDELIVERED: Final = "callback.undelivered"
CONNECTION_LOST: Final = "connection.lost"
DELEGATION_ENDED: Final = "delegation.ended"
GATEWAY_RELOADED: Final = "gateway.reloaded"
GATEWAY_RELOAD_REFUSED: Final = "gateway.reload_refused"
GATEWAY_STARTED: Final = "gateway.started"
GATEWAY_STOPPED: Final = "gateway.stopped"
GATEWAY_DRAINING: Final = "gateway.draining"
GATEWAY_WARNED: Final = "gateway.warned"
KEY_CHOSEN: Final = "key.chosen"
LEASE_LOST: Final = "lease.lost"
MODE_REFUSED: Final = "mode.refused"
MODE_WARNED: Final = "mode.warned"
MODES_LEARNT: Final = "modes.learnt"
MODES_LOOKUP_FAILED: Final = "modes.lookup_failed"
PROFILE_REVOKED: Final = "profile.revoked"
RECORDS_SWEPT: Final = "records.swept"
OBJECT_LATE: Final = "object.late"
REFRESH_INTERRUPTED: Final = "refresh.interrupted"
REQUEST_FAILED: Final = "request.failed"
REQUEST_FINISHED: Final = "request.finished"
REQUEST_MALFORMED: Final = "request.malformed"
REQUEST_REFUSED: Final = "request.refused"
STORE_AWAITED: Final = "store.awaited"
STORE_FAILED: Final = "store.failed"
STORE_LOST: Final = "store.lost"
STORE_RECOVERED: Final = "store.recovered"
STORE_WARNED: Final = "store.warned"
TOKEN_BOUND: Final = "token.bound"  # noqa: S105  an event's name
RULE_OBSERVED: Final = "rule.observed"
SECRET_CHANGED: Final = "secret.changed"  # noqa: S105  an event's name
SECRET_REFUSED: Final = "secret.refused"  # noqa: S105  the same
SESSION_BEGAN: Final = "session.began"
SESSION_OUTGROWN: Final = "session.outgrown"
SESSION_ENDED: Final = "session.ended"
TOKEN_RENEWED: Final = "token.renewed"  # noqa: S105  an event's name
TOKEN_REFUSED: Final = "token.refused"  # noqa: S105  the same
TOKEN_UNGRANTED: Final = "token.ungranted"  # noqa: S105  the same
TOKEN_REVOKED: Final = "token.revoked"  # noqa: S105  the same
UPSTREAM_FAILED: Final = "upstream.failed"
UPSTREAM_RETRIED: Final = "upstream.retried"
WORKER_FAILED: Final = "worker.failed"
