"""`make torture`: real processes killed with -9 at random moments under load, and then a judgement from all sides.

    house      the processes: a server, a worker, the PostgreSQL they start by themselves
    receiver   where callbacks and webhooks go; it fails at random
    calls      requests with a key, sent until they are answered; requests without one, sent once
    journey    all that can be asked for on an order's way, and what was told; walk: the ways there are
    shops      accounts, and the shops at work on them
    kills      who is killed
    state      what the database and the provider's books hold
    money, told, shown, heard   the judges; they share no code with kvitt
    scene      all of it together

`python -m bench.torture` kills; `python -m bench.torture.flaky` has a provider that times out instead.
"""
