"""Checkout: payment profiles, sessions, transactions, and the providers that move the money."""
