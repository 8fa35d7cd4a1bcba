"""The index: what is kept on disk of documents and conversations, and how it stays whole."""
