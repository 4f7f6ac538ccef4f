"""Telling shops what happened: callbacks, webhooks, and the feed of events."""
