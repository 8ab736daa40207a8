"""The functions that workflows call: one module per noun, one function per verb."""
