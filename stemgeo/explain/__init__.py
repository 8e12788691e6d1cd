"""Why a figure changed: the difference of two studies, part by part, to the child."""
