"""Strategies, one a file, each found by entry point."""
