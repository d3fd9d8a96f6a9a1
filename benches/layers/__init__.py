"""A load on all layers of a serving host, and how quick its operations are on it."""
