"""What the servers of open data say, spoken by the server of this machine: one module a source."""
