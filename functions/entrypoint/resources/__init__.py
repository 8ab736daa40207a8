"""Resources of the API: one module each, with a handler for each verb (`HANDLERS`)."""
