"""Views: what is stored, as it goes over the wire. Pure functions; what does not apply is absent, not null."""
