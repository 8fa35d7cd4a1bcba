"""Questions: taken in, made to stand alone, taken apart, and what kind of answer each asks for."""
