"""What must hold, said once more in plain Python over plain JSON. Shares no code with `rules`.

Each check names its invariant; docs/design/invariants.md explains them under the same names.

    money.py    transactions, attempts, the provider's books, postings
    log.py      versions, events, the feed
    orders.py   orders and drafts as they are written
    left.py     what was done to an order and what is left of it
    answers.py  what callers of the order service are shown; previews
    keys.py     what callers asked, were told, and what it did
    shops.py    what callbacks and webhooks told the shops
"""

from .all import Model
from .violation import INVARIANTS, Violation

__all__ = ["INVARIANTS", "Model", "Violation"]
