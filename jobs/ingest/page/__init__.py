"""An article's own page: fetched once, for what its feed leaves out."""
