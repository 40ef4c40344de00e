"""Relational operators, written twice and never per platform: as SQL, and over data frames."""
