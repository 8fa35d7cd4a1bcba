"""What a document says: its text, how it reads, who speaks, its sentences, and the figures, dates and names in it."""
