"""The house: pins, licences, changelog, the make targets, and what no file may name."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from longest import LONGEST
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

COPYLEFT_ALLOWED = {
    "certifi": "MPL-2.0",
}
"""Run-time dependencies under a licence that binds changes to their own files, used unchanged."""

DRAWN_BY_OTHERS = {"folium"}
"""What geopandas imports for `explore()`, which our tables take."""

LOADED_BY_NAME = {"s3fs"}
"""What fsspec loads for an address that begins with `s3://`."""

HARNESSES = {"bench", "fuzz", "mutants", "peers", "plays", "real", "reliability"}
"""Folders of tests that are of no part of the package."""

OTHERWISE = {
    "": [
        "alive",
        "architecture",
        "area",
        "csv",
        "documentation",
        "french",
        "house",
        "manual",
        "notebooks",
        "on_foot",
        "other_facilities",
        "placed",
        "quiet_words",
        "strangers",
    ],
    "access": ["better_roads", "catchments", "oracles", "properties", "ties"],
    "inputs": [
        "damaged",
        "layouts",
        "notes",
        "real_inputs",
        "office_registers",
        "versions",
        "vintage_sums",
    ],
    "explore": ["page"],
    "publish": ["site_browser"],
    "report": ["answer_of_area", "beside", "geoparquet"],
    "maps": ["colours", "golden", "web_browser"],
    "texts": ["style"],
    "network": ["pavements", "profiles", "rules_again", "stress_again"],
}
"""By part, tests of what runs through several modules, or of one by another way."""


def read(name: str) -> str:
    """Read a text file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def project() -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads(read("pyproject.toml"))


def declared() -> list[Requirement]:
    """List what the package needs to run and to be developed."""
    groups = project()["dependency-groups"]["dev"]
    extra = project()["project"]["optional-dependencies"]["scale"]
    return [Requirement(line) for line in [*project()["project"]["dependencies"], *extra, *groups]]


def pins(text: str) -> list[tuple[Requirement, list[str]]]:
    """Take a requirements file apart into requirements and their hashes."""
    lines = text.replace("\\\n", " ").splitlines()
    parts = [line.split("--hash=") for line in lines if line.strip()]
    return [
        (Requirement(line.strip()), [hash_.strip() for hash_ in hashes]) for line, *hashes in parts
    ]


def environment(python: str) -> dict[str, str]:
    """Describe the marker environment of a Python on this machine."""
    return {"python_version": python, "python_full_version": f"{python}.0"}


def test_pins_name_no_host() -> None:
    """requirements.txt leaves the choice of a registry to whoever installs."""
    assert not re.findall(r".*(?:://|--(?!hash=)| @ ).*", read("requirements.txt"))


def test_each_pin_is_exact_and_has_hashes() -> None:
    """Every requirement is one version, with the SHA-256 of each of its files."""
    for requirement, hashes in pins(read("requirements.txt")):
        assert [clause.operator for clause in requirement.specifier] == ["=="], requirement
        assert hashes, requirement
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", hash_) for hash_ in hashes), requirement


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_declared_dependency_is_pinned(requirement: Requirement, python: str) -> None:
    """On each Python, exactly one pin serves each declared dependency, within its bounds."""
    name = canonicalize_name(requirement.name)
    versions = [
        next(iter(pin.specifier)).version
        for pin, _ in pins(read("requirements.txt"))
        if canonicalize_name(pin.name) == name
        and (pin.marker is None or pin.marker.evaluate(environment(python)))
    ]
    assert len(versions) == 1
    assert requirement.specifier.contains(versions[0])


def test_the_pythons_are_named_alike_everywhere() -> None:
    """What is declared, classified, installed by make and told are the same Pythons."""
    about, newest = project()["project"], int(PYTHONS[-1].split(".")[1])
    of_python = "Programming Language :: Python :: "
    named = [one.removeprefix(of_python) for one in about["classifiers"] if of_python in one]
    assert tuple(named) == PYTHONS
    assert about["requires-python"] == f">={PYTHONS[0]},<3.{newest + 1}"
    assert f"(3, {newest + 1})" in read("Makefile")
    for page in ("Makefile", "README.md", "CONTRIBUTING.md", "docs/install.md"):
        assert f"Python {PYTHONS[0]} to {PYTHONS[-1]}" in read(page), page


def test_each_dependency_has_a_lower_bound() -> None:
    """A declared dependency says from which version on it serves; `make lowest` runs them."""
    for requirement in declared():
        assert [clause.operator for clause in requirement.specifier] == [">="], requirement


def imported_distributions() -> set[str]:
    """Name the distributions that the package's own code imports, standard library left out."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "stemgeo").rglob("*.py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    tops = {module.split(".")[0] for module in modules} - sys.stdlib_module_names - {"stemgeo"}
    homes = importlib.metadata.packages_distributions()
    return {canonicalize_name(homes[top][0]) for top in tops}


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    """The package imports just what pyproject.toml says it needs to run, or others for it."""
    about = project()["project"]
    lines = [*about["dependencies"], *about["optional-dependencies"]["scale"]]
    needed = imported_distributions() | DRAWN_BY_OTHERS | LOADED_BY_NAME
    assert needed == {canonicalize_name(Requirement(line).name) for line in lines}


MAKE_NO_FIGURE = {
    *("httpx", "markupsafe", "networkx", "pandera", "platformdirs", "pydantic", "rich"),
    *("starlette", "tenacity", "typer", "uvicorn"),
}
"""Libraries that fetch, check, serve, speak, or read the graph that someone gives."""


def test_every_library_that_makes_a_figure_is_in_manifests() -> None:
    """A new one is among those that manifests name and workers share, or makes no figure."""
    from stemgeo.report.answers import Answer
    from stemgeo.report.manifests import LIBRARIES

    needed = {
        canonicalize_name(Requirement(one).name) for one in project()["project"]["dependencies"]
    }
    named = {*LIBRARIES, *Answer.LIBRARIES}
    assert needed == named | MAKE_NO_FIGURE
    assert not named & MAKE_NO_FIGURE


def test_changelog_has_its_headings() -> None:
    """Each version of the changelog may tell which results moved; the newest comes first."""
    text = read("CHANGELOG.md")
    assert text.startswith("# Changelog\n")
    assert "keepachangelog.com" in text
    headings = re.findall(r"^## \[(.+?)\]", text, flags=re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1] == project()["project"]["version"]
    assert "\n### Results changed\n" in text


def test_installed_version_is_the_declared_one() -> None:
    """What runs says the version that pyproject.toml says."""
    assert importlib.metadata.version("stemgeo") == project()["project"]["version"]


def project_files() -> list[Path]:
    """List the files that are, or would be, under version control."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        reason = "not a git clone: its files cannot be told from others"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in answer.stdout.split("\0") if (ROOT / name).is_file()]


UNPORTABLE = re.compile(
    r"(?<![\w.])/(?:work|root|farm|opt|home/\w+|Users/\w+)/"
    r"|\b[A-Z]:\\Users\\"
    r"|\b(?:pypi\.org|pythonhosted\.org|npmjs\.org|anaconda\.org|deb\.debian\.org)\b"
)
"""Places that exist on one machine only, and hosts of package registries."""


@pytest.mark.parametrize(
    "text", ["see /" + "home/ann/x", "'/" + "work/main'", "https://files.python" + "hosted.org/x"]
)
def test_unportable_names_are_recognised(text: str) -> None:
    """A home folder, a build machine's folder and a registry are found."""
    assert UNPORTABLE.search(text)


@pytest.mark.parametrize(
    "text", ["https://example.be/home/page/", "../shared/data", "network/" + "work/x"]
)
def test_portable_names_are_left_alone(text: str) -> None:
    """Addresses, relative paths and the temporary folder may be named."""
    assert not UNPORTABLE.search(text)


def test_no_file_names_a_machine_or_a_registry() -> None:
    """The project runs anywhere: no file holds a path of one machine or a registry's host."""
    files = project_files()
    assert ROOT / "pyproject.toml" in files
    named = {
        str(path.relative_to(ROOT)): match.group()
        for path in files
        if (match := UNPORTABLE.search(path.read_bytes().decode("latin-1")))
    }
    assert not named


def runtime_closure() -> set[str]:
    """Name all distributions that come in with the package, at any depth."""
    about = project()["project"]
    lines = [*about["dependencies"], *about["optional-dependencies"]["scale"]]
    waiting = [Requirement(line) for line in lines]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        for extra in {"", *requirement.extras}:
            key = (canonicalize_name(requirement.name), extra)
            if key not in seen:
                seen.add(key)
                waiting += needed_by(requirement.name, extra)
    return {name for name, _ in seen}


def needed_by(name: str, extra: str) -> list[Requirement]:
    """List what an installed distribution needs here, with one of its extras or none ("")."""
    lines = importlib.metadata.requires(name) or []
    needed = [Requirement(line) for line in lines]
    return [need for need in needed if not need.marker or need.marker.evaluate({"extra": extra})]


def licence(name: str) -> str:
    """Give what a distribution says of its licence, the shortest form it has."""
    about = importlib.metadata.metadata(name)
    classifiers = [
        line.split(" :: ")[-1]
        for line in about.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    # Some put the whole text in the field: its first line names the licence, the rest quotes.
    field = (about.get("License") or "").strip().split("\n")[0]
    return about.get("License-Expression") or "; ".join(filter(None, [field, *classifiers]))


def test_licences_of_what_comes_in() -> None:
    """No run-time dependency is under the GPL or AGPL; the weaker kinds are named one by one."""
    closure = runtime_closure()
    assert {"geopandas", "certifi"} <= closure
    licences = {name: licence(name) for name in closure}
    assert all(licences.values()), licences
    copyleft = {
        name: text
        for name, text in licences.items()
        if re.search(r"GPL|MPL|EUPL|CDDL|GNU|Mozilla", text) and name not in COPYLEFT_ALLOWED
    }
    assert not copyleft
    for name, expected in COPYLEFT_ALLOWED.items():
        assert licences[name].startswith(expected)


def make_targets() -> set[str]:
    """Name the targets that the Makefile offers."""
    return set(re.findall(r"^([a-z]+):.*##", read("Makefile"), flags=re.MULTILINE))


def test_help_shows_every_target() -> None:
    """Each target that is no file has its line in `make help`."""
    phony = re.search(r"^\.PHONY: (.+)$", read("Makefile"), flags=re.MULTILINE)
    assert phony
    assert make_targets() == set(phony.group(1).split())


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_documented_make_targets_exist(name: str) -> None:
    """A reader who types a `make` command from the documents finds it there."""
    code = re.findall(r"```.*?```|`[^`\n]+`", read(name), flags=re.DOTALL)
    commands = re.findall(r"\bmake (?:--\S+ )*([a-z]+)\b", "\n".join(code))
    assert commands
    assert set(commands) <= make_targets()


def test_ci_makes_all_of_check() -> None:
    """What `make check` names is what `.ci/run` makes, in two lots."""
    check = re.search(r"^check: (.+?)  ##", read("Makefile"), flags=re.MULTILINE)
    made = re.findall(r"^make (?:--\S+ )*([a-z ]+?)(?: &| \|\|.*)?$", read(".ci/run"), re.MULTILINE)
    assert check
    assert sorted(" ".join(made).split()) == sorted(["setup", *check.group(1).split()])


def test_readme_has_the_two_commands() -> None:
    """The README leads with the demo and the tests."""
    assert {"make demo", "make test"} <= set(re.findall(r"make \w+", read("README.md")))


def test_the_files_that_workers_begin_with_are_there() -> None:
    """Each of `LONGEST` is a file of tests, and one alone."""
    for name in LONGEST:
        assert len(list((ROOT / "tests").rglob(name))) == 1, name


def test_the_layout_of_the_tests_is_that_of_the_package() -> None:
    """Each folder of tests is a part, each file a module of it, the part itself, or listed."""
    tests = ROOT / "tests"
    found = {path.relative_to(tests) for path in tests.rglob("test_*.py")}
    listed = {Path(part, f"test_{name}.py") for part, names in OTHERWISE.items() for name in names}
    assert listed <= found
    # pytest imports them by their names alone.
    assert len({path.name for path in found}) == len(found)
    for path in found - listed:
        if path.parts[0] not in HARNESSES:
            part = ROOT / "stemgeo" / path.parent
            of_part = {f"test_{one.stem}.py" for one in part.glob("*.py")}
            mend = f"{path}: name it after a module, in the folder of its part, or list it above"
            assert path.name in of_part | {f"test_{part.name}.py"}, mend
