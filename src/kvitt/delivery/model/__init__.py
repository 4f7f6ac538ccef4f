"""The nouns of delivery: requests and how they went, subscriptions, secrets."""
