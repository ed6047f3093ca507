"""The stable error codes, each with its status, its title and the way out.

Code, documentation and tests read this one table. A code never changes its meaning; a new meaning gets a new code.

Statuses are chosen with care, since a client app may throw its tokens away on 403 and loop on 401: a mode that forbids
something is 422 with the field's name, a missing sign-in 401, a store or Cronofy that is away 502, 503 or 504.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Code(StrEnum):
    """What went wrong, in one word that programs compare."""

    MALFORMED_REQUEST = "malformed_request"
    BAD_TARGET = "bad_target"
    AUTHORIZATION_REPEATED = "authorization_repeated"
    ACCOUNT_HEADER_REFUSED = "account_header_refused"
    ACCOUNT_REQUIRED = "account_required"
    PARAMETER_REPEATED = "parameter_repeated"
    PARAMETER_SHADOWED = "parameter_shadowed"
    CLIENT_UNKNOWN = "client_unknown"
    REDIRECT_URI_UNREGISTERED = "redirect_uri_unregistered"
    INVALID_REQUEST = "invalid_request"
    INVALID_SCOPE = "invalid_scope"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    CREDENTIALS_MISSING = "credentials_missing"
    CREDENTIALS_UNKNOWN = "credentials_unknown"
    CREDENTIALS_DIFFER = "credentials_differ"
    SERVICE_DOOR_CLOSED = "service_door_closed"
    OPERATION_REFUSED = "operation_refused"
    METHOD_OVERRIDE_REFUSED = "method_override_refused"
    IMPERSONATION_REFUSED = "impersonation_refused"
    ACCOUNT_NOT_CONNECTED = "account_not_connected"
    OBJECT_UNKNOWN = "object_unknown"
    OBJECT_ID_TAKEN = "object_id_taken"
    TOKEN_RENEWED = "token_renewed"  # noqa: S105  an error's name
    NOT_SIGNED_IN = "not_signed_in"
    RECONNECT_REQUIRED = "reconnect_required"
    CSRF_MISSING = "csrf_missing"
    ORIGIN_REFUSED = "origin_refused"
    CLIENT_AMBIGUOUS = "client_ambiguous"
    COOKIE_REPEATED = "cookie_repeated"
    RETURN_TARGET_REFUSED = "return_target_refused"
    STATE_REFUSED = "state_refused"
    TICKET_INVALID = "ticket_invalid"
    ACCESS_DENIED = "access_denied"
    MODE_REFUSED = "mode_refused"
    OPERATION_UNKNOWN = "operation_unknown"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_FOUND = "not_found"
    SESSION_UNKNOWN = "session_unknown"
    CONNECTION_UNKNOWN = "connection_unknown"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TIMEOUT = "body_timeout"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INVALID_JSON = "invalid_json"
    DUPLICATE_KEY = "duplicate_key"
    INVALID_FIELD = "invalid_field"
    SCOPE_REQUIRED = "scope_required"
    INTEGRATED_CONFERENCING_REFUSED = "integrated_conferencing_refused"
    CALLBACK_UNKNOWN = "callback_unknown"
    CALLBACK_SIGNATURE_REFUSED = "callback_signature_refused"
    CALLBACK_UNDELIVERED = "callback_undelivered"
    CALLBACK_TIMEOUT = "callback_timeout"
    ENGINE_KEY_REFUSED = "engine_key_refused"
    ENGINE_MUST_PASS_ON = "engine_must_pass_on"  # noqa: S105  an error's name
    UPSTREAM_UNREACHABLE = "upstream_unreachable"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    UPSTREAM_REPLY_INVALID = "upstream_reply_invalid"
    UPSTREAM_REDIRECTED = "upstream_redirected"
    UPSTREAM_PAGE_TOO_LARGE = "upstream_page_too_large"
    UPSTREAM_PAGE_FOREIGN = "upstream_page_foreign"
    APPLICATION_CREDENTIALS_REFUSED = "application_credentials_refused"
    SESSION_TOO_LARGE = "session_too_large"
    STORE_UNAVAILABLE = "store_unavailable"
    INTERNAL_ERROR = "internal_error"


class Meaning(NamedTuple):
    """A row of the table."""

    status: int
    title: str
    way_out: str


MEANINGS: Final[dict[Code, Meaning]] = {
    Code.MALFORMED_REQUEST: Meaning(400, "Malformed request", "Send well-formed HTTP/1.1 within the size limits."),
    Code.BAD_TARGET: Meaning(400, "Bad request target", "Send a plain path: no dot segments, encoded slashes or '#'."),
    Code.AUTHORIZATION_REPEATED: Meaning(400, "Authorization repeated", "Send one Authorization header."),
    Code.ACCOUNT_HEADER_REFUSED: Meaning(
        400, "Gateway-Account refused", "Gateway-Account goes with a client secret in the service door only."
    ),
    Code.ACCOUNT_REQUIRED: Meaning(
        400, "Account required", "Send the account's token, or its sub in Gateway-Account with the client secret."
    ),
    Code.PARAMETER_REPEATED: Meaning(400, "Parameter repeated", "Send each parameter once, without brackets."),
    Code.PARAMETER_SHADOWED: Meaning(
        400, "Field in two places", "Send this field only where the description says: in the JSON body or in the query."
    ),
    Code.CLIENT_UNKNOWN: Meaning(400, "Unknown client", "Use a client_id that is registered at this gateway."),
    Code.REDIRECT_URI_UNREGISTERED: Meaning(
        400, "Unregistered redirect URI", "Register this exact redirect URI for the client."
    ),
    Code.INVALID_REQUEST: Meaning(400, "Invalid request", "Add or mend the parameter that the description names."),
    Code.INVALID_SCOPE: Meaning(400, "Invalid scope", "Ask for free_busy_write, and only for scopes you may ask for."),
    Code.INVALID_CLIENT: Meaning(400, "Invalid client", "Send the client_id and client_secret of this gateway."),
    Code.INVALID_GRANT: Meaning(400, "Invalid grant", "Let the person connect again."),
    Code.UNSUPPORTED_GRANT_TYPE: Meaning(400, "Unsupported grant type", "Use authorization_code or refresh_token."),
    Code.UNSUPPORTED_RESPONSE_TYPE: Meaning(400, "Unsupported response type", "Use response_type=code."),
    Code.CREDENTIALS_MISSING: Meaning(401, "Credentials missing", "Send Authorization: Bearer with a token."),
    Code.CREDENTIALS_UNKNOWN: Meaning(401, "Credentials unknown", "Send a token that came through this gateway."),
    Code.CREDENTIALS_DIFFER: Meaning(400, "Credentials differ", "Send one credential, in one place."),
    Code.SERVICE_DOOR_CLOSED: Meaning(
        403, "Service door closed", "The operator may set service_door = true for this client."
    ),
    Code.OPERATION_REFUSED: Meaning(
        403, "Operation refused", "Call it from the app's backend, or have the operator allow it for the client."
    ),
    Code.METHOD_OVERRIDE_REFUSED: Meaning(400, "Method override refused", "Send the method itself."),
    Code.IMPERSONATION_REFUSED: Meaning(
        403, "Impersonation refused", "Leave Cronofy-Impersonate out, or have the operator set may_impersonate."
    ),
    Code.ACCOUNT_NOT_CONNECTED: Meaning(
        403, "Account not connected", "Let these people connect through this client, or leave them out."
    ),
    Code.OBJECT_UNKNOWN: Meaning(404, "Unknown object", "Use an id that this client made through this gateway."),
    Code.OBJECT_ID_TAKEN: Meaning(409, "Id taken", "Choose another id; put the app's name in front of it."),
    Code.TOKEN_RENEWED: Meaning(503, "Token renewed", "Send the same call again."),
    Code.NOT_SIGNED_IN: Meaning(401, "Not signed in", "Navigate to login_url."),
    Code.RECONNECT_REQUIRED: Meaning(401, "Reconnect required", "Let the person connect again: navigate to login_url."),
    Code.CSRF_MISSING: Meaning(403, "CSRF header missing", "Send X-CSRF: 1 with every call by cookie."),
    Code.ORIGIN_REFUSED: Meaning(403, "Origin refused", "Register the page's origin for the client."),
    Code.CLIENT_AMBIGUOUS: Meaning(400, "Client ambiguous", "Name the client in the Gateway-Client header."),
    Code.COOKIE_REPEATED: Meaning(400, "Cookie repeated", "Clear this site's cookies and sign in again."),
    Code.RETURN_TARGET_REFUSED: Meaning(
        400, "Return target refused", "Use a path on the client's home, or a URL on one of its origins."
    ),
    Code.STATE_REFUSED: Meaning(400, "Sign-in not recognised", "Start again from the app, in this browser."),
    Code.TICKET_INVALID: Meaning(
        400, "Ticket invalid", "Let the page ask for a new ticket; each is good once, for 60 s."
    ),
    Code.ACCESS_DENIED: Meaning(400, "Access denied", "The person declined; offer to connect again."),
    Code.MODE_REFUSED: Meaning(
        400, "Access mode refused", "Let the person connect again in a mode that the app takes."
    ),
    Code.OPERATION_UNKNOWN: Meaning(
        404, "Unknown operation", "Use a path of the Cronofy API, or add it to extra_operations."
    ),
    Code.METHOD_NOT_ALLOWED: Meaning(405, "Method not allowed", "Use a method that the Allow header names."),
    Code.NOT_FOUND: Meaning(404, "Not found", "Use a path that this gateway serves."),
    Code.SESSION_UNKNOWN: Meaning(404, "Unknown session", "Ask for the list again: it may have ended already."),
    Code.CONNECTION_UNKNOWN: Meaning(
        404, "Unknown connection", "Let the person connect through this client first, or again after it was ended."
    ),
    Code.BODY_TOO_LARGE: Meaning(413, "Body too large", "Send a smaller body, or raise the limit."),
    Code.BODY_TIMEOUT: Meaning(408, "Body too slow", "Send the body without long pauses."),
    Code.UNSUPPORTED_MEDIA_TYPE: Meaning(415, "Unsupported media type", "Send application/json in UTF-8."),
    Code.INVALID_JSON: Meaning(400, "Invalid JSON", "Send one well-formed JSON document, not nested too deeply."),
    Code.DUPLICATE_KEY: Meaning(422, "Duplicate key", "Name each key of a JSON object once."),
    Code.INVALID_FIELD: Meaning(422, "Invalid field", "Send the field in the shape that the description names."),
    Code.SCOPE_REQUIRED: Meaning(422, "Scope required", "Ask for free_busy_write for each delegated account."),
    Code.INTEGRATED_CONFERENCING_REFUSED: Meaning(
        422,
        "Integrated conferencing refused",
        "Connect Teams or Meet as a conferencing profile and name it, or use default, explicit or none.",
    ),
    Code.CALLBACK_UNKNOWN: Meaning(404, "Unknown callback", "Ask for the authorization again: it is 30 days old."),
    Code.CALLBACK_SIGNATURE_REFUSED: Meaning(
        403, "Signature refused", "The operator must give every active client secret of the application."
    ),
    Code.CALLBACK_UNDELIVERED: Meaning(
        502, "App did not take the callback", "Cronofy sends it again for a day; the app must answer 2xx."
    ),
    Code.CALLBACK_TIMEOUT: Meaning(
        504, "App too slow", "Cronofy sends it again for a day; the app must answer within seconds."
    ),
    Code.ENGINE_KEY_REFUSED: Meaning(
        403, "Engine key refused", "Give the server in front the key of engine.key, and send it once."
    ),
    Code.ENGINE_MUST_PASS_ON: Meaning(
        403, "Not for an engine", "Pass this call on to the gateway's own address, which carries it itself."
    ),
    Code.UPSTREAM_UNREACHABLE: Meaning(502, "Cronofy unreachable", "Try again later."),
    Code.UPSTREAM_TIMEOUT: Meaning(504, "Cronofy too slow", "Try again later."),
    Code.UPSTREAM_REPLY_INVALID: Meaning(502, "Invalid answer from Cronofy", "Try again later."),
    Code.UPSTREAM_REDIRECTED: Meaning(502, "Redirect from Cronofy", "Check the application's data centre."),
    Code.UPSTREAM_PAGE_TOO_LARGE: Meaning(502, "Page too large", "Ask for a shorter time span."),
    Code.UPSTREAM_PAGE_FOREIGN: Meaning(502, "Foreign page link", "Check the application's data centre."),
    Code.APPLICATION_CREDENTIALS_REFUSED: Meaning(
        502, "Application credentials refused", "The operator must check the application's id and secret."
    ),
    Code.SESSION_TOO_LARGE: Meaning(
        500, "Session too large", 'The operator must keep sessions in a store: sessions.shape = "record".'
    ),
    Code.STORE_UNAVAILABLE: Meaning(503, "Store unavailable", "Try again shortly; nothing was lost."),
    Code.INTERNAL_ERROR: Meaning(500, "Internal error", "Tell the operator the request id."),
}
