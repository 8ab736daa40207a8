"""MariaDB's engine: the MySQL family's, with what MariaDB does in its own way."""
