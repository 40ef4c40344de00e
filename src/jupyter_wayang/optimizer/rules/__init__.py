"""Rewrite rules, one a file: the module is a verb, its function has the same name, and takes and returns a plan."""
