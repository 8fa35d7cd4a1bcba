"""How the reader that ships in ``rag/reading/weights`` was made: data, training, measuring. See README.md here."""
