"""Shared fixtures: real data beside the project, and the sample study."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from stemgeo.run import Result

ROOT = Path(__file__).parent.parent

# One profile for all: what a test draws follows from its code alone, on every machine and in CI,
# and no machine is too slow. `--hypothesis-profile=anew` draws other examples each time.
settings.register_profile(
    "steady",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    print_blob=True,
)
settings.register_profile("anew", settings.get_profile("steady"), derandomize=False)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real data beside the project; never committed to it.

    With CI=true a missing folder is a failure, elsewhere a skip that says so.
    """
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        reason = "real data not found: expected ../shared/data beside the project"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice, with its spreadsheet; missing it fails with CI=true, and skips elsewhere."""
    program = shutil.which("soffice")
    if program and any(Path(program).resolve().parent.glob("libsclo.*")):
        return program
    reason = "LibreOffice with Writer and Calc is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def sample_result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The result of the example study, run once; its network is kept in a folder of its own."""
    import stemgeo as sg

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEMGEO_CACHE", str(tmp_path_factory.mktemp("cache")))
        return sg.run(sg.sample())


@pytest.fixture(scope="session")
def written_sample(sample_result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that result, written once; to be read, not to be changed."""
    return sample_result.write(tmp_path_factory.mktemp("sample") / "result")


@pytest.fixture(scope="session")
def sample_answer(written_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The answer made of it, in Dutch; to be read, not to be changed."""
    import stemgeo as sg

    return sg.answer(written_sample, tmp_path_factory.mktemp("answer") / "antwoord")
