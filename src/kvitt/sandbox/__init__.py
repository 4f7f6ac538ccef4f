"""What test accounts have and live ones do not: a clock that can be moved, faults on demand, news from the sandbox."""
