"""Resource types that the embedded cloud adds to Heat (its `plugin_dirs`)."""
