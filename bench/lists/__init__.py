"""Lists, searches, creation and export with very many orders: `make bench-lists`, python -m bench.lists --orders N"""
