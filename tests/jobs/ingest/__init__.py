"""Tests of ingest: feeds that speak, and what Newswire makes of them."""
