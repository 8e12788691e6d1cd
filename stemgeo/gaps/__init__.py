"""Where the uncovered children are, and why: connected areas, each with its reason and evidence."""

from stemgeo.gaps.table import Gaps, find_gaps

__all__ = ["Gaps", "find_gaps"]
