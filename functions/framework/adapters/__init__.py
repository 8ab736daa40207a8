"""Adapters of `framework.call` to function platforms: one module a platform."""
