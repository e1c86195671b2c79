"""The semantic extra: a model's vectors for articles and questions, made in processes of their own."""
