"""Work that tests share: made once of the same parts, for whichever test asks for it."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from functools import wraps
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _all_given(*given: Any, **more: Any) -> object:
    return given, more


def kept(
    make: Callable[..., Any], most: int, parts_of: Callable[..., object] = _all_given
) -> Callable[..., Any]:
    """Make something once of the same parts; what is made may not be changed.

    Parameters
    ----------
    make
        What makes it; what it refuses is not kept.
    most
        How many are kept, those that were asked for last.
    parts_of
        Of what is given all that it is made of.
    """
    made: OrderedDict[bytes, Any] = OrderedDict()

    @wraps(make)
    def once(*given: Any, **more: Any) -> Any:
        key = sha256(pickle.dumps(parts_of(*given, **more))).digest()
        if key not in made:
            made[key] = make(*given, **more)
        made.move_to_end(key)
        if len(made) > most:
            made.popitem(last=False)
        return made[key]

    return once
