"""The nouns of checkout: what a session, a transaction, a profile and a provider's answer look like."""
