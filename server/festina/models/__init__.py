"""Models: dialects, streaming, discovery, and the embedded model."""
