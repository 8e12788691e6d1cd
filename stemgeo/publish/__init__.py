"""A result as a site: pages that need no server, no network and no script to be read."""
