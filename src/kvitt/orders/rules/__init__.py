"""What may be done to drafts and orders, and what follows: pure functions of what is known and what is asked."""
