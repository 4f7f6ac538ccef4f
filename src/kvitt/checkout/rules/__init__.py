"""The decisions of checkout: pure functions of what is, what is asked, and the moment."""
