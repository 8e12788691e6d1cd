"""Open data into a folder, from servers or by hand, and a study of them."""
