"""The composition root: the one package that knows all parts, and starts and stops them in order."""
