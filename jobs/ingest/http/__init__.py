"""HTTP: the client for all requests to sites, its limits, and the outcomes of a request."""
