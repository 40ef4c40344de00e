"""Disclosure control: what a site checks of a question before it computes, and of an answer before it leaves."""
