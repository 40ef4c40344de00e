"""The live widgets and what they show."""
