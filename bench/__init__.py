"""Measuring kvitt from outside: the journey under load, the floor below it, and what a kill -9 leaves behind."""
