"""Which road: what a better road brings, exactly, and which of them together bring most."""
