"""The resources: one module each, with a function for each verb."""
