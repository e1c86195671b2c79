"""Benchmarks, one module for each question; `make bench` runs them all, and each prints a table."""
