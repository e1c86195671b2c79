"""Parse feeds: RSS, Atom, JSON Feed and news sitemaps. Pure; runs in a worker process."""
