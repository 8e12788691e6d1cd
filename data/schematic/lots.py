"""Chance that is the same on every machine: each thing draws from its own named stream."""

from __future__ import annotations

import random


def stream(*names: object) -> random.Random:
    """Open the stream of random numbers that belongs to `names`.

    One stream per thing keeps a change in one part from moving all others.
    """
    return random.Random("/".join(str(name) for name in ("stemgeo", *names)))


def spread(total: int, weights: list[float]) -> list[int]:
    """Divide `total` over `weights` in whole numbers, by the largest remainders."""
    shares = [total * weight / sum(weights) for weight in weights]
    parts = [int(share) for share in shares]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
