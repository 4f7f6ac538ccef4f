"""Accounts, API clients, tokens and scopes."""
