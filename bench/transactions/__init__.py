"""Lists of transactions with very many of them: python -m bench.transactions --transactions N"""
