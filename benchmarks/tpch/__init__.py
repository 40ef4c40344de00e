"""TPC-H: a generator of its tables and the text of its 22 queries."""
