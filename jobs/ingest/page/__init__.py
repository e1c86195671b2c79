"""Article pages: fetched once, for what the feed leaves out."""
