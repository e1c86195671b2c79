"""Text in any script: segmentation, tokens, normalization, and links."""
