"""Records: an answer as a file that can be verified later."""
