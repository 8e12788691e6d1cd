"""A site of the small study, with every text of the study a stranger's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import hand
import pytest

import stemgeo as sg
from stemgeo.publish.site import publish_site

if TYPE_CHECKING:
    from conftest import Once

NOTICE = "Proef <b>&amp;</b> {{7*7}} `${x}` voor niemand"


@pytest.fixture(scope="session")
def small_result(once: Once) -> Path:
    """The small study, measured with what is not sure of it."""

    def measure(place: Path) -> None:
        study = hand.write_study(place.parent / "published", notice=NOTICE)
        sg.run(sg.load_study(study), uncertainty=True).write(place)

    return once("published-result", measure)


@pytest.fixture(scope="session")
def site(small_result: Path, once: Once) -> Path:
    """Its site; to be read, not to be changed."""
    return once("published-site", lambda place: publish_site(small_result, place))
