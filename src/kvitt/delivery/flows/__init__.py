"""Delivery at work: load, decide by the rules, send, commit what came of it."""
