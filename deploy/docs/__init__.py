"""Writes the parts of the documentation that follow from the code, and checks rules of the code."""
