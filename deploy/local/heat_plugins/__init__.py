"""Resource types that the embedded cloud adds to Heat, by Heat's option `plugin_dirs`."""
