"""The reader: one small network that finds answers in passages, knows when there is none, and checks claims word by word.

``reader`` is its face; ``model`` the network, ``network`` what runs it, ``tokens`` its input, ``adapters`` its weights.
How it was made stands in ``training/README.md``.
"""
