"""The cell language and the Python API: the same words, one implementation, one plan."""
