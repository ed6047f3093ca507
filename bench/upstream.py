"""The upstream of the measurements: answers every request at once, with three Cronofy events in 2,330 bytes."""

import asyncio
import json
import sys
from typing import Final, cast

import uvloop

BODY_BYTES: Final = 2_330


def _body() -> bytes:
    event = {"calendar_id": "cal_bench", "event_uid": "evt_external_bench", "start": "2030-01-01T10:00:00Z"}
    raw = json.dumps({"events": [event] * 3, "fill": ""}).encode()
    return raw.replace(b'"fill": ""', b'"fill": "' + b"x" * (BODY_BYTES - len(raw)) + b'"')


def _answer(body: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body
    )


_USERINFO: Final = _answer(
    json.dumps(
        {"sub": "acc_bench", "cronofy.data": {"profiles": [{"profile_id": "pro_1", "provider_name": "google"}]}}
    ).encode()
)
_EVENTS: Final = _answer(_body())


class _Answers(asyncio.Protocol):
    """Counts heads only: the measured calls have no bodies."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's transport is one in all but its class

    def data_received(self, data: bytes) -> None:
        for head in data.split(b"\r\n\r\n")[:-1]:
            self.transport.write(_USERINFO if b"/v1/userinfo" in head else _EVENTS)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Answers, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
