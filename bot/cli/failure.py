"""What a command says when it cannot do what was asked."""


class Failure(Exception):
    """One plain sentence; the command ends with exit status 1."""
