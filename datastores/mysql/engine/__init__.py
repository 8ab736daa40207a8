"""The engine of the MySQL family: a module for each role that it plays, and what these share."""
