"""Groups of instances that hold the same data, or parts of it."""
