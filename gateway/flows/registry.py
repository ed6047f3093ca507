"""The applications and clients that this gateway knows."""

from collections.abc import Iterable
from contextlib import suppress

from gateway.flows.issued_secrets import PREFIX as ISSUED_PREFIX
from gateway.rules.client import Application, Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.fingerprints import fingerprint


class Registry:
    """Looks applications and clients up. It changes only as a whole, when the settings or the store's clients do."""

    def __init__(self, applications: Iterable[Application], clients: Iterable[Client]) -> None:
        self.version = 0
        self.replace(applications, clients)

    def replace(
        self,
        applications: Iterable[Application],
        clients: Iterable[Client],
        *,
        disabled: Iterable[Client] = (),
        shared: Iterable[str] = (),
    ) -> None:
        """Put others in the place of all applications and clients, at once.

        Args:
            applications: every application.
            clients: the clients that work.
            disabled: clients that are known and do not work. Nobody finds one, but an application that has one does not
                belong to another client alone: a token that nobody has seen could be the disabled one's.
            shared: names of applications that have, or may have, a client of which nothing else is known.
        """
        self.version += 1
        out = tuple(disabled)
        self._with_disabled = frozenset(one.application for one in out) | frozenset(shared)
        self._dead_secrets = frozenset[str]().union(*(one.secret_hashes for one in out))
        self._applications = {one.name: one for one in applications}
        self._clients: dict[str, Client] = {one.id: one for one in clients}
        known = tuple(self._clients.values())
        # Kept apart: an origin registered for UI Elements alone, of another site perhaps, gets nothing by cookie.
        self.page_origins = frozenset[str]().union(*(one.browser.origins for one in known if one.browser))
        self.element_origins = frozenset[str]().union(*(one.origins for one in known))
        self._by_secret = {secret: one for one in self._clients.values() for secret in one.secret_hashes}

    def client(self, client_id: str) -> Client:
        """Return a client.

        Raises:
            RequestRefused: `client_unknown`.
        """
        if found := self._clients.get(client_id):
            return found
        raise RequestRefused(Code.CLIENT_UNKNOWN, "The client_id is missing or not registered at this gateway.")

    def authenticate(self, client_id: str, secret: str) -> Client:
        """Return the client whose secret this is.

        Raises:
            RequestRefused: `invalid_client`, the same for an unknown client and a wrong secret.
        """
        found = self.client_by_secret(secret)
        if found is None or found.id != client_id:
            raise RequestRefused(Code.INVALID_CLIENT, "The client_id or client_secret is not right.")
        return found

    def authenticate_any(self, offered: Iterable[tuple[str, str]]) -> Client:
        """Return the client whose id and secret one of these pairs is.

        Raises:
            RequestRefused: `invalid_client`, the same for unknown clients and wrong secrets.
        """
        for client_id, secret in offered:
            with suppress(RequestRefused):
                return self.authenticate(client_id, secret)
        raise RequestRefused(Code.INVALID_CLIENT, "The client_id or client_secret is not right.")

    def browser_clients(self) -> tuple[Client, ...]:
        """Return the clients that have pages."""
        return tuple(one for one in self._clients.values() if one.browser is not None)

    def client_by_secret(self, secret: str) -> Client | None:
        """Return the client that a secret belongs to.

        The look-up is by fingerprint, so its timing says nothing about a secret.
        """
        return self._by_secret.get(fingerprint("client-secret", secret))

    def is_dead_secret(self, secret: str) -> bool:
        """Say whether this is a secret with which nobody comes in: revoked, or a disabled client's.

        Else it would be taken for a token that nobody has seen, and be sent to Cronofy.
        """
        if self.client_by_secret(secret) is not None:
            return False
        is_of_disabled = bool(self._dead_secrets) and fingerprint("client-secret", secret) in self._dead_secrets
        return secret.startswith(ISSUED_PREFIX) or is_of_disabled

    def application_of(self, client: Client) -> Application:
        """Return the application that a client uses.

        Raises:
            RequestRefused: `client_unknown`: it has just been taken out of the settings.
        """
        if found := self._applications.get(client.application):
            return found
        # The call began before a reload that took the application away.
        raise RequestRefused(Code.CLIENT_UNKNOWN, "This client's application is not configured at this gateway.")

    def application(self, name: str) -> Application | None:
        """Return an application by its name."""
        return self._applications.get(name)

    @property
    def applications(self) -> tuple[Application, ...]:
        """Every application, in the configuration's order."""
        return tuple(self._applications.values())

    def only_application(self) -> Application | None:
        """Return the application when there is exactly one."""
        return next(iter(self._applications.values())) if len(self._applications) == 1 else None

    def clients_of(self, application: Application) -> tuple[Client, ...]:
        """Return the clients that use an application, without disabled ones."""
        return tuple(one for one in self._clients.values() if one.application == application.name)

    def has_disabled(self, application: Application) -> bool:
        """Say whether a client of an application is known that does not work."""
        return application.name in self._with_disabled

    def is_only_client(self, client: Client) -> bool:
        """Say whether a client has its application to itself; a disabled one counts as another."""
        application = self.application_of(client)
        return self.clients_of(application) == (client,) and application.name not in self._with_disabled
