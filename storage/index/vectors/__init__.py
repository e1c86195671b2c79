"""What a model knows of how alike articles are: vectors, compressed, compared across languages."""
