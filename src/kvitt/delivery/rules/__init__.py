"""The decisions of delivery: when to try again, what to tell whom, how to sign; pure functions."""
