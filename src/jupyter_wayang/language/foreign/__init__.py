"""Functions written in another program's words: read as text, never run."""
