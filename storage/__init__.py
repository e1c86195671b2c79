"""Remembers: every fact Newswire keeps, and the questions asked of it."""
