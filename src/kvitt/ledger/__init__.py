"""The ledger: every movement of money as a posting in double entry, and what the postings add up to."""
