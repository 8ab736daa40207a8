"""InfluxDB."""
