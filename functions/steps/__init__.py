"""The functions that workflows call: one module a noun, one function a verb."""
