"""The notebook's side: magics, completion, and what a cell shows."""
