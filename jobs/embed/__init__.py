"""The semantic extra: embeddings of articles and questions, made in child processes."""
