"""The database operations: one module each, named as the operation and its workflow. `parts` has what several share."""
