"""Steps that need the state, Heat, Mistral or Swift: one module a noun, one function a verb."""
