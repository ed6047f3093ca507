"""A Flask app on Cronofy's Python SDK, with Cronofy Gateway between it and Cronofy."""

import datetime as dt
import hmac
import logging
import os
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pycronofy
import requests
from flask import Flask, abort, g, redirect, render_template, request, session, url_for
from pycronofy.exceptions import PyCronofyRequestError
from werkzeug.wrappers import Response

GATEWAY = os.environ.get("GATEWAY", "http://127.0.0.1:8080")
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:5000")
CLIENT_ID = os.environ.get("CLIENT_ID", "demo-sdk")
CLIENT_SECRET = os.environ.get("CLIENT_SECRET", "demo-sdk-secret")
SCOPE = "read_events create_event delete_event free_busy_write"
POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

CONNECTIONS: dict[str, dict[str, Any]] = {}
"""Tokens by account: a table in your database. They belong in no cookie, page or log."""

Result = TypeVar("Result")

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(),
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_COOKIE_SECURE=urlsplit(PUBLIC_URL).scheme == "https",
)


def note_mode(response: requests.Response, *_args: object, **_options: object) -> None:
    """Keep how the person connected: the gateway says it with every answer of the API."""
    g.mode = response.headers.get("Cronofy-Access-Mode", g.get("mode"))


pycronofy.set_request_hook(note_mode)


def new_client(tokens: dict[str, Any] | None = None) -> pycronofy.Client:
    """Make an SDK client; these two URLs are all that the gateway changes."""
    client = pycronofy.Client(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, **(tokens or {}))
    client.request_handler.base_url = client.app_base_url = GATEWAY
    return client


def call(make: Callable[[pycronofy.Client], Result]) -> Result:
    """Make a call for the person who is signed in; a token that has ended is refreshed once."""
    client = new_client(CONNECTIONS[session["sub"]])
    if client.is_authorization_expired():
        refresh(client)
    try:
        return make(client)
    except PyCronofyRequestError as error:
        if error.response.status_code != requests.codes.unauthorized:
            raise
    refresh(client)
    return make(client)


def refresh(client: pycronofy.Client) -> None:
    """Renew the tokens and keep both: the refresh token may be another one."""
    client.refresh_authorization()
    CONNECTIONS[session["sub"]] = tokens_of(client)


def tokens_of(client: pycronofy.Client) -> dict[str, Any]:
    """Return what is kept of a client."""
    auth = client.auth
    return {
        "access_token": auth.access_token,
        "refresh_token": auth.refresh_token,
        "token_expiration": auth.token_expiration,
    }


@app.get("/")
def index() -> str:
    """Show the calendars, or the way to connect one."""
    if session.get("sub") not in CONNECTIONS:
        return render_template("page.html", notice=request.args.get("notice"))
    calendars = call(lambda client: client.list_calendars())
    return render_template(
        "page.html", calendars=calendars, mode=g.mode, form_token=form_token(), notice=request.args.get("notice")
    )


@app.get("/connect")
def connect() -> Response:
    """Send the person to Cronofy; the state ties the answer to this browser."""
    session["state"] = secrets.token_urlsafe()
    link = new_client().user_auth_link(redirect_uri=f"{PUBLIC_URL}/callback", scope=SCOPE, state=session["state"])
    return redirect(link)


@app.get("/callback")
def callback() -> Response:
    """Exchange the code, once the state is found to be this browser's own."""
    expected = session.pop("state", "")
    if not expected or not hmac.compare_digest(expected.encode(), request.args.get("state", "").encode()):
        abort(400, "This sign-in was not begun in this browser.")
    if "code" not in request.args:
        return redirect(url_for("index", notice="Nothing was connected."))
    client = new_client()
    client.get_authorization_from_code(request.args["code"], redirect_uri=f"{PUBLIC_URL}/callback")
    sub = client.userinfo()["sub"]
    CONNECTIONS[sub] = tokens_of(client)
    session.clear()
    session["sub"] = sub
    return redirect(url_for("index"))


@app.post("/events")
def add_event() -> Response:
    """Add an event of tomorrow; where the mode forbids a conference, say so and add it without one."""
    check_form()
    start = (dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    event = {
        "event_id": secrets.token_hex(8),
        "summary": request.form["summary"],
        "description": "",
        "start": start,
        "end": start + dt.timedelta(minutes=30),
        "tzid": "Etc/UTC",
    }
    calendar, wanted = request.form["calendar"], {"conferencing": {"profile_id": "integrated"}}
    notice = "The event is on its way."
    try:
        call(
            lambda client: client.upsert_event(calendar, {**event, **(wanted if "conference" in request.form else {})})
        )
    except PyCronofyRequestError as error:
        if error.response.status_code != requests.codes.unprocessable or "conference" not in request.form:
            raise
        call(lambda client: client.upsert_event(calendar, event))
        notice = f"{reasons(error.response)} The event is on its way without one."
    return redirect(url_for("index", notice=notice))


@app.post("/disconnect")
def disconnect() -> Response:
    """End the authorization at Cronofy, and forget its tokens."""
    check_form()
    call(lambda client: client.revoke_authorization())
    CONNECTIONS.pop(session["sub"], None)
    session.clear()
    return redirect(url_for("index", notice="Disconnected."))


def form_token() -> str:
    """Return what a form of this session carries, so that no other page can send one."""
    return str(session.setdefault("form_token", secrets.token_urlsafe()))


def check_form() -> None:
    """Refuse a form that is not this session's."""
    if session.get("sub") not in CONNECTIONS:
        abort(401, "Connect a calendar first.")
    if not hmac.compare_digest(form_token().encode(), request.form.get("form_token", "").encode()):
        abort(403, "Send the form again, from the page.")


def reasons(response: requests.Response) -> str:
    """Return the sentences of a 422, in Cronofy's shape: `{"errors": {field: [{key, description}]}}`."""
    errors: dict[str, list[dict[str, str]]] = response.json().get("errors", {})
    return " ".join(one["description"] for found in errors.values() for one in found)


@app.errorhandler(PyCronofyRequestError)
def tell(error: PyCronofyRequestError) -> Response:
    """Say what went wrong by status alone: the SDK's message holds the request's body, secrets in it."""
    answer = error.response
    app.logger.warning("the gateway answered %s (%s)", answer.status_code, answer.headers.get("Gateway-Error"))
    if answer.status_code in {requests.codes.bad_request, requests.codes.unauthorized}:
        CONNECTIONS.pop(session.pop("sub", ""), None)
        return redirect(url_for("index", notice="Please connect the calendar again."))
    return Response("The calendar could not be reached.", 502, content_type="text/plain")


@app.after_request
def protect(response: Response) -> Response:
    """Keep pages out of caches, and the callback's code out of Referer lines."""
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    )
    return response


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its request lines would hold the callback's code
    app.run(host="127.0.0.1", port=urlsplit(PUBLIC_URL).port or 5000)
