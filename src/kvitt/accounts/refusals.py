"""Every no of the accounts that has a name of its own.

Unauthorized 401
└── WrongCredentials        no client_id and client_secret, or wrong ones
Forbidden 403
└── CannotHandOn            scopes for a client that its maker does not hold
Conflicting 409
├── ClientIdTaken           the account has, or had, another client of that name
└── TooManyClients          an account has so many clients and no more
TooManyRequests 429
└── TooManyWrongSecrets     somebody guesses
"""

from __future__ import annotations

from kvitt.core.errors import Conflicting, Forbidden, TooManyRequests, Unauthorized


class WrongCredentials(Unauthorized):
    """HTTP Basic with the client_id and client_secret of a client is required, and these are none."""


class CannotHandOn(Forbidden):
    """The token does not hold the scopes that the client was to have, so it cannot hand them on."""


class ClientIdTaken(Conflicting):
    """A client of the account has the client_id, or had it before it was deleted."""


class TooManyClients(Conflicting):
    """The account has as many clients as it may; delete some first."""


class TooManyWrongSecrets(TooManyRequests):
    """Too many wrong secrets for this client; the right one is always let in.

    `retry_after`: seconds to wait.
    """
