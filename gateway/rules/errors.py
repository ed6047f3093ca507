"""What a rule or a flow raises when it turns a request down.

GatewayError
├── RequestRefused        the caller can mend it
│   └── AuthorizeRefused  the same, told to the client at its redirect URI (RFC 6749 section 4.1.2.1)
├── CronofyUnavailable    Cronofy is away, slow or answers nonsense
└── StoreUnavailable      the record store is away
    └── StoreUnusable     it is there, and waiting will not make it usable

An error carries a code (for programs), a public sentence (for the caller) and a private detail (for the log). None of
the three may hold a token, code, state, key or secret. The status is not in here: `error_codes` has the one table.
"""

from collections.abc import Mapping

from gateway.rules.error_codes import Code


class GatewayError(Exception):
    """A request that this gateway did not carry out.

    Args:
        code: the stable code.
        public: one sentence for the caller; says what was wrong and how to mend it.
        detail: private facts for the log.
        fields: for a 422, field path → the sentence about it, as Cronofy's `errors` map.
        headers: further response headers, such as Allow.
        members: further members of the JSON body, such as login_url.
    """

    def __init__(
        self,
        code: Code,
        public: str,
        *,
        detail: str = "",
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {public}")
        self.code = code
        self.public = public
        self.detail = detail
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})
        self.members = dict(members or {})


class RequestRefused(GatewayError):
    """The caller can mend it."""


class AuthorizeRefused(RequestRefused):
    """An authorize request whose client and redirect URI are known, so that the client itself can be told."""


class CronofyUnavailable(GatewayError):
    """Cronofy could not be asked, or its answer could not be used."""


class StoreUnavailable(GatewayError):
    """The record store could not be read or written; nothing was changed."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            Code.STORE_UNAVAILABLE,
            "The gateway's record store is away for the moment. Nothing was lost; try again shortly.",
            detail=detail,
            headers={"Retry-After": "2"},
        )


class StoreUnusable(StoreUnavailable):
    """The record store cannot be used as it is; somebody has to mend it first."""
