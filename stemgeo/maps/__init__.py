"""Maps: choropleths for paper and one page for the web. They draw figures, they make none."""
