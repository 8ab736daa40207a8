"""Steps that connect to hosts, with certificates of the SSH authority: one module a noun, one function a verb."""
