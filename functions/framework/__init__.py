"""The framework of steps: their declaration, token, envelope and call."""
