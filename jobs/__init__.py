"""Decides what is new, who is owed what, and when."""
