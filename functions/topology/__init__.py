"""The stack of an instance: flavors, names, parameters, outputs."""
