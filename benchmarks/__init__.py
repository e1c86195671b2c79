"""One file a question; `make bench` runs them all and prints a table each."""
