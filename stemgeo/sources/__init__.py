"""Where open data come from: what is known of each source, the client that asks, the lock."""
