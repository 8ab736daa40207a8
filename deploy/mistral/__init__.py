"""The Mistral action with which tenants' workflows use the database API; it is installed beside Mistral's executors."""
