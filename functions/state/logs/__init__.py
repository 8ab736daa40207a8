"""Publications of the instances' logs."""
