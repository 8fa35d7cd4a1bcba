"""The formats of files: one loader each, and what it needs; each runs in the processes of :mod:`rag.loading`."""
