"""Interfaces for people: the terminal chat. They know ``rag``; ``rag`` does not know them."""

import logging

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet until somebody sets up logging
