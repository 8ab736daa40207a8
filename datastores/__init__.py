"""Datastores: one folder each, the catalog that reads them and the code that travels to hosts."""
