"""Files and folders that appear whole or not at all, in the place of nothing that anyone made."""
