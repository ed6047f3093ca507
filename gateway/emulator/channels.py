"""Push notification channels. The emulator keeps them; it sends no notification by itself.

Source: https://docs.cronofy.com/developers/api/push-notifications/create-channel
"""

from typing import Final

from aiohttp import web

from gateway.emulator.accounts import Record
from gateway.emulator.answers import accepted, answer
from gateway.emulator.bodies import is_true, object_of, text_of, texts_of
from gateway.emulator.calls import Call
from gateway.emulator.ids import stable_id
from gateway.emulator.refusals import invalid, not_found, required

MOST_CHANNELS: Final = 128
"""Per account, as the create-channel page says."""


def open_channel(call: Call) -> web.Response:
    """POST /v1/channels: an identical request gets the channel that is there already."""
    url = text_of(call.body, "callback_url")
    if not url:
        raise invalid(required("callback_url"))
    if not url.startswith(("http://", "https://")):
        raise invalid({"callback_url": ("errors.invalid", "callback_url must be an http or https URL")})
    wanted = object_of(call.body, "filters")
    filters: Record = {}
    if texts_of(wanted, "calendar_ids"):
        filters["calendar_ids"] = texts_of(wanted, "calendar_ids")
    if is_true(wanted.get("only_managed")):
        filters["only_managed"] = True
    else:
        call.need("read_free_busy")
    channel_id = stable_id("chn", call.account.account_id, url, repr(filters))
    known = call.account.channels
    if channel_id not in known and len(known) >= MOST_CHANNELS:
        raise invalid({"callback_url": ("errors.too_many", f"there are {MOST_CHANNELS} channels already")})
    channel = known.setdefault(channel_id, {"channel_id": channel_id, "callback_url": url, "filters": filters})
    return answer({"channel": channel})


def read_channels(call: Call) -> web.Response:
    """GET /v1/channels."""
    return answer({"channels": list(call.account.channels.values())})


def close_channel(call: Call) -> web.Response:
    """DELETE /v1/channels/{channel_id}."""
    if call.account.channels.pop(call.path_part("channel_id"), None) is None:
        raise not_found()
    return accepted()
