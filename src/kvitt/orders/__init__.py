"""Drafts, orders, and what is registered on them: authorizations, captures, refunds, cancellations.

The order service records what happened to an order's money; it moves none itself.
"""
