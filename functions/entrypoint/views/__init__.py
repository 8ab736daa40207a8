"""Views: pure functions that return the JSON objects of rows. A member that does not apply is absent, not null."""
