"""The simulator: the real rules, flows, worker and delivery in a world where all goes wrong that can, by one seed.

    loop.py        an event loop whose time is a number
    chance.py      everything random and every clock, from the seed
    database.py    what PostgreSQL holds, and when a commit becomes visible
    store.py       the store of one process; deliveries.py what webhooks owe in it
    provider.py    a payment provider with books of its own
    receivers.py   the shops' endpoints for callbacks and webhooks
    server.py      one server process: it can be killed between any two turns of its loop
    callers.py     shops and customers, who press twice, retry and walk away; requests.py what they send
    clerks.py      those who work with drafts and orders; shopping.py what they send
    world.py       all of it together: one step, and letting everything settle
    model/         what must hold, sharing no code with `rules`
    bugs.py        bugs planted on purpose; telling_bugs.py those of what is told, shopping_bugs.py the order service's
    history.py     one history: run it, find the shortest prefix that fails

What must hold is written down in docs/design/invariants.md. `python -m tests.simulate --help` says how to run it.
"""
