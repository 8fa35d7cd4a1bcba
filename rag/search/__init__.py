"""Search: the passages of an index that a question may find its answer in."""
