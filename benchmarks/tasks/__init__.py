"""Tasks that are measured, each written once in the words of the language."""
