"""Decides: what is new, what is owed to whom, and when."""
