"""The nouns every feature shares. No input, no output: the standard library and msgspec alone."""
