"""The services of the embedded cloud: one module each, with a function that runs it in its own process."""
