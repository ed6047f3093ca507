"""Scheduling conversations, an alpha of Cronofy: only kept and read back.

Source: https://docs.cronofy.com/developers/api-alpha/scheduling-conversations
"""

from aiohttp import web

from gateway.emulator.accounts import Record
from gateway.emulator.answers import answer
from gateway.emulator.calls import Call
from gateway.emulator.ids import new_token
from gateway.emulator.refusals import invalid, not_found, required

_KIND = "scheduling_conversations"


def open_conversation(call: Call) -> web.Response:
    """POST /v1/scheduling_conversations."""
    if not call.body.get("participants"):
        raise invalid(required("participants"))
    name = f"sch_{new_token()}"
    conversation: Record = {"scheduling_conversation_id": name} | dict(call.body)
    call.state.records[_KIND][name] = conversation | {"sub": call.account.account_id}
    return answer({"scheduling_conversation": conversation})


def read_conversations(call: Call) -> web.Response:
    """GET /v1/scheduling_conversations: those of the caller."""
    return answer({"scheduling_conversations": [_shown(one) for one in _own(call).values()]})


def read_conversation(call: Call) -> web.Response:
    """GET /v1/scheduling_conversations/{conversation_id}."""
    found = _own(call).get(call.path_part("conversation_id"))
    if found is None:
        raise not_found()
    return answer({"scheduling_conversation": _shown(found)})


def _own(call: Call) -> dict[str, Record]:
    known = call.state.records[_KIND]
    return {name: one for name, one in known.items() if one["sub"] == call.account.account_id}


def _shown(conversation: Record) -> Record:
    return {name: value for name, value in conversation.items() if name != "sub"}
