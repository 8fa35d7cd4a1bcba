"""Checking: which spans a claim rests on, and whether they say what it says."""
