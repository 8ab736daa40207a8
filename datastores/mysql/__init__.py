"""MySQL, and what MariaDB and Percona Server share with it."""
