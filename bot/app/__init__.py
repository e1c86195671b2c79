"""The composition root: the one place that knows all the parts, and the order in which they live."""
