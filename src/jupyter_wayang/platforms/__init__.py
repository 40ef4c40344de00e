"""Platforms: the seam, the channels between them, and a package for each."""
