"""`kvitt verify`: re-derives everything from what happened, and compares. Read-only, with none of the features' rules.

The arithmetic of orders and payments is written a second time here, on purpose: a mistake in `rules` would agree with
itself. So nothing here imports a feature.
"""
