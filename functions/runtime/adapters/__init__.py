"""Thin carriers of the step core: one module per function platform."""
