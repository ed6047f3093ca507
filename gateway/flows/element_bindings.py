"""What the gateway remembers of element tokens: whose each is and what it is for; the token itself only as a hash.

Of the accounts behind a token only a single one is kept: the access mode is said for it, and with it the record can be
found and removed when the account goes. Several are nobody's business here, since Cronofy holds the token to them.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from gateway.flows.ports import Clock
from gateway.flows.sealed_records import SealedRecords
from gateway.rules.client import Client
from gateway.rules.element_tokens import ElementToken
from gateway.rules.fingerprints import fingerprint

ELEMENT_TOKEN: Final = "element-token"  # noqa: S105  a kind of record


class ElementBinding(msgspec.Struct, frozen=True):
    """Whose an element token is.

    Attributes:
        client: id of the client that asked for it.
        application: name of the application.
        account: the one `sub` behind it; empty where there are several or none.
        origin: of the pages that use it.
        permissions: which Elements it is for.
    """

    client: str
    application: str
    account: str
    origin: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ElementBindings:
    """Remembers and finds them."""

    records: SealedRecords
    clock: Clock

    async def remember(self, client: Client, token: ElementToken, *, account_key: str) -> None:
        """Bind an element token to a client until it expires.

        Raises:
            StoreUnavailable: the token must not be handed out.
        """
        permissions = tuple(sorted(token.permissions))
        binding = ElementBinding(client.id, client.application, token.account, token.origin, permissions)
        await self.records.save(
            ELEMENT_TOKEN,
            fingerprint(ELEMENT_TOKEN, token.token),
            binding,
            client=client.id,
            account=account_key,
            expires_at=self.clock.now() + token.expires_in,
        )

    async def find(self, token: str) -> ElementBinding | None:
        """Return the binding of an element token, or None for one that did not come through here, or has expired.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        return await self.records.load(ELEMENT_TOKEN, fingerprint(ELEMENT_TOKEN, token), ElementBinding)


async def forget_element_tokens(records: SealedRecords, account_key: str, *, client: str | None) -> None:
    """Remove the element tokens of an account, one client's or everybody's.

    Raises:
        StoreUnavailable: some may still stand.
    """
    for token_id in await records.store.list_ids(ELEMENT_TOKEN, client=client, account=account_key):
        await records.store.delete(ELEMENT_TOKEN, token_id)
