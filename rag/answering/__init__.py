"""Answering: the way of one question, from its passages to a checked answer."""
