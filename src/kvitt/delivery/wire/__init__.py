"""What the API of delivery takes and answers, and how it says so."""
