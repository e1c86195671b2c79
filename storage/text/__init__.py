"""Text in any script, as storage and the index need it: segments, tokens, encodings, links."""
