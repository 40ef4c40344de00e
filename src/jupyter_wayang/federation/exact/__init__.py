"""Exact fits over sites: each method asks sites for sums over their rows, and comes to what all rows together would."""
