"""The services of the embedded cloud: one module each, with a function that runs the service in its own process."""
