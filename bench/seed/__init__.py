"""A seeded generator of believable orders, for lists and searches to be measured on: python -m bench.seed --orders N

With --transactions N it makes payments instead, each with its session.

Every one comes about by the service's own rules, request by request, at its own times, and is written with its events
as the service would have written it; only the rows go into the database by COPY, some hundred orders at a time.
"""
