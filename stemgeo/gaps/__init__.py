"""Where the uncovered children are, and why: connected areas, each with its reason and evidence."""

from stemgeo.gaps.reasons import REASONS
from stemgeo.gaps.table import Gaps, find_gaps

__all__ = ["REASONS", "Gaps", "find_gaps"]
