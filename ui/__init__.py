"""Interfaces for people: the terminal chat. They know ``rag``; ``rag`` does not know them."""
