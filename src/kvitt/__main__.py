"""`python -m kvitt` is `kvitt`."""

from kvitt.cli import main

main()
