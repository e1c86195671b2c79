"""Asking sites for something: the one HTTP client, its limits, and what may come of a request."""
