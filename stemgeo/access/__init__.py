"""Travel times from children to academies, and isochrones for looking at."""
