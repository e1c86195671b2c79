"""The sandbox's web page: what it shows, and what can be done there."""
