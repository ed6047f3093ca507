"""Posting to URLs that apps chose, and nowhere that only the gateway may reach.

The address is judged when the socket for it is made, whatever the name led to before: a name that means another address
the next time (DNS rebinding) gains nothing. Where an egress proxy is set every post goes through it; it looks the names
up, so it is the place to say what may be reached.
"""

import socket
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from yarl import URL

from gateway.adapters.upstream import UpstreamSettings, client_session
from gateway.flows.delegated_callbacks import Undelivered
from gateway.rules.public_addresses import is_public

_USER_AGENT: Final = "cronofy-gateway"


class _AddressRefused(OSError):
    """The address is not on the open internet."""


def public_socket(info: tuple[Any, ...]) -> socket.socket:
    """Make the socket for an address, if the address is on the open internet; aiohttp's `socket_factory`.

    Raises:
        OSError: it is not.
    """
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise _AddressRefused("not a public address")
    return socket.socket(family=family, type=kind, proto=protocol)


def callback_session(settings: UpstreamSettings, *, private: bool) -> aiohttp.ClientSession:
    """Make the client session for posts to apps: a fresh connection each.

    Args:
        settings: the egress proxy, certificate authorities and number of connections.
        private: addresses that are not on the open internet are all right.

    Raises:
        OSError: the ca_file cannot be read.
    """
    guarded = not private and not settings.egress_proxy
    return client_session(settings, proxied=False, socket_factory=public_socket if guarded else None)


@dataclass(frozen=True, slots=True)
class AiohttpAppPosts:
    """Posts through one client session; see `AppPosts`.

    Attributes:
        session: of `callback_session`.
        timeout: seconds for the whole of it, the look-up of the name included.
    """

    session: aiohttp.ClientSession
    timeout: float

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """POST a body and return the answer's status."""
        try:
            reply = await self.session.post(
                URL(url, encoded=True),
                data=body,
                headers={**headers, "User-Agent": _USER_AGENT, "Accept-Encoding": "identity"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self.timeout),
            )
        except TimeoutError:
            raise Undelivered("timeout") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Undelivered("address_refused" if _is_refused(error) else "unreachable") from None
        reply.close()  # the status is all that counts; a body that never ends is not waited for
        return reply.status


def _is_refused(error: BaseException) -> bool:
    """Say whether an address was the reason: the client library wraps it, and a name with several wraps them twice."""
    seen: list[BaseException | None] = [error]
    while seen:
        one = seen.pop()
        if isinstance(one, _AddressRefused):
            return True
        if one is not None:
            seen += [one.__cause__, one.__context__, getattr(one, "os_error", None)]
            seen += getattr(one, "exceptions", ())
    return False
