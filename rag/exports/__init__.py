"""Exports: answers as files that are handed on: Word, Markdown, a web page."""
