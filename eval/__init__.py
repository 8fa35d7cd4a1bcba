"""Evaluation: questions with known answers, and whether the assistant gives them."""
