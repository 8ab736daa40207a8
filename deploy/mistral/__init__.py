"""What is installed beside Mistral's executors: the action with which tenants' workflows use the database API."""
