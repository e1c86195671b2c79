"""From a feed's bytes to items: RSS, Atom, JSON Feed and news sitemaps. Pure; runs in a worker process."""
