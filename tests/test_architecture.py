"""Data flows one way: a module imports only what stands to its left."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import networkx as nx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

PACKAGE = Path(__file__).parent.parent / "stemgeo"

ORDER = [
    "speech",
    "texts",
    "notes",
    "stages",
    "errors",
    "writing",
    "arrays",
    "facts",
    "profiles",
    "study",
    "example",
    "reasons",
    "tables",
    "styling",
    "sources",
    "inputs",
    "beginning",
    "fetch",
    "recognition",
    "registers",
    "subsidy",
    "network",
    "demand",
    "access",
    "coverage",
    "equity",
    "measure",
    "readiness",
    "times",
    "uncertainty",
    "gaps",
    "siting",
    "links",
    "steps",
    "maps",
    "report",
    "qgis",
    "result",
    "study_run",
    "years",
    "planning",
    "linking",
    "written",
    "recovery",
    "explain",
    "verification",
    "publish",
    "scale",
    "explore",
    "doctor",
    "completion",
    "terminal",
    "fetch_commands",
    "__init__",
    "cli",
    "__main__",
]
"""From left to right, as CONTRIBUTING.md shows it; `__init__` is the public face."""

HEAVY = {"folium", "geopandas", "matplotlib", "numba", "osmnx", "pandas", "rasterio", "scipy"}
HEAVY |= {"dask", "distributed", "fsspec"}
"""What must not load before it is used; numpy and pydantic load in a tenth of a second."""


def part_of(module: str) -> str:
    """Give the part of the design that `stemgeo.x.y` belongs to: `x`."""
    name = module.removeprefix("stemgeo").removeprefix(".")
    return name.split(".")[0] or "__init__"


@cache
def is_module(name: str) -> bool:
    """Tell whether `stemgeo.x` is a module, not a name that the public face gives."""
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


@cache
def modules_imported(source: str, package: str) -> frozenset[str]:
    """Give the modules of stemgeo that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            below = {f"{start}.{alias.name}" for alias in node.names}
            found |= {name if is_module(name) else start for name in below}
    return frozenset(name for name in found if name.split(".")[0] == "stemgeo")


def parts_imported(source: str, package: str) -> set[str]:
    """Give the parts that a module imports."""
    return {part_of(name) for name in modules_imported(source, package)}


def module_files() -> list[Path]:
    """List the modules of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def wrong_imports(part: str, imported: set[str]) -> set[str]:
    """Give those imported parts that do not stand to the left of `part`."""
    return imported - {part} - set(ORDER[: ORDER.index(part)])


@pytest.mark.parametrize(
    "path", module_files(), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_module_imports_only_what_stands_to_its_left(path: Path) -> None:
    """No module of the package imports one from its right, not even for types alone."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    package = ".".join(parts[:-1])
    part = parts[1]
    assert part in ORDER, f"{part} has no place in ORDER yet: give it one"
    imported = parts_imported(path.read_text(encoding="utf-8"), package)
    assert not wrong_imports(part, imported)


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("import stemgeo.study_run", {"study_run"}),
        ("import stemgeo", {"__init__"}),
        ("from stemgeo import run, Result", {"__init__"}),
        ("from stemgeo.inputs.files import opened", {"inputs"}),
        ("from . import snap", {"network"}),
        ("from ..errors import InputError", {"errors"}),
        ("def f():\n    from stemgeo.maps import web", {"maps"}),
        ("if TYPE_CHECKING:\n    from stemgeo.cli import main", {"cli"}),
        ("import stemgeology, numpy", set()),
    ],
)
def test_every_form_of_import_is_seen(source: str, parts: set[str]) -> None:
    """Absolute and relative, inside functions and for types: each form counts as an import."""
    assert parts_imported(source, "stemgeo.network") == parts


def test_an_import_from_the_right_is_found() -> None:
    """A part may import itself and what is left of it; anything to its right is a finding."""
    assert wrong_imports("maps", {"errors", "maps", "report", "cli"}) == {"report", "cli"}


def circles(imported: Mapping[str, Set[str]]) -> list[set[str]]:
    """Give the modules that import each other, by whatever way round."""
    graph = nx.DiGraph([(one, other) for one, others in imported.items() for other in others])
    return [found for found in nx.strongly_connected_components(graph) if len(found) > 1]


def test_no_modules_import_each_other() -> None:
    """Inside a part too what a module needs stands before it, types included."""
    imported = {}
    for path in module_files():
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        source, package = path.read_text(encoding="utf-8"), ".".join(parts[:-1])
        name = package if parts[-1] == "__init__" else ".".join(parts)
        imported[name] = modules_imported(source, package) - {name}
    assert circles(imported) == []


def test_modules_that_import_each_other_are_found() -> None:
    """Two by two, or by way of a third."""
    around = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert circles(around) == [{"a", "b", "c"}]


def test_the_documented_order_is_the_tested_one() -> None:
    """CONTRIBUTING.md shows the very order that this test holds."""
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = next(line for line in text.splitlines() if line.startswith("speech < texts"))
    assert shown.split(" < ") == [part for part in ORDER if not part.startswith("__")]


def loaded_by(code: str) -> set[str]:
    """Give the modules that are loaded after `code` has run in a fresh interpreter."""
    program = f"{code}\nimport sys\nprint('\\n' + ' '.join(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(answer.stdout.splitlines()[-1].split())


def test_import_stemgeo_loads_nothing_heavy() -> None:
    """`import stemgeo` is quick: heavy libraries load on first use."""
    loaded = loaded_by("import stemgeo")
    assert "stemgeo" in loaded
    assert not loaded & HEAVY


def test_help_loads_nothing_heavy() -> None:
    """`stemgeo --help` answers before any heavy library loads."""
    loaded = loaded_by(
        "import sys, stemgeo.cli\n"
        "sys.argv = ['stemgeo', '--help']\n"
        "try:\n    stemgeo.cli.main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert "stemgeo.cli" in loaded
    assert not loaded & HEAVY


def test_public_names_are_the_same_whatever_was_loaded_before() -> None:
    """A public name is never its namesake module, whichever part of the package loaded first.

    What others made is imported once; each part is then first in a process of its own.
    """
    program = (
        "import os, sys, types, geopandas, matplotlib.figure, numba, osmium, pandera.pandas\n"
        "import scipy.sparse.csgraph, stemgeo\n"
        "ours = {name for name in sys.modules if name.startswith('stemgeo.')}\n"
        "for first in ('stemgeo.study_run', 'stemgeo.access.riding', 'stemgeo.example'):\n"
        "    assert first not in ours, ours\n"
        "    if child := os.fork():\n"
        "        assert os.waitpid(child, 0)[1] == 0, first\n"
        "        continue\n"
        "    __import__(first)\n"
        "    names = [name for _ in 'twice' for name in stemgeo.__all__]\n"
        "    modules = {n for n in names if isinstance(getattr(stemgeo, n), types.ModuleType)}\n"
        "    assert not modules, (first, modules)\n"
        "    sys.exit()\n"
        "print('three times')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (answer.returncode, answer.stdout) == (0, "three times\n"), answer.stderr


def test_no_module_asks_the_public_face_for_a_module() -> None:
    """`from stemgeo import coverage` gives the public function: modules say `stemgeo.coverage`."""
    import stemgeo

    asking = {
        path.name: alias.name
        for path in module_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.level, node.module) == (0, "stemgeo")
        for alias in node.names
        if alias.name in stemgeo.__all__
    }
    assert not asking


def test_public_names_are_offered() -> None:
    """Tab completion shows the public names, of which there are a dozen or so."""
    import stemgeo

    assert set(stemgeo.__all__) <= set(dir(stemgeo))
    assert 10 <= len(stemgeo.__all__) <= 35


def test_how_a_language_is_written_is_asked_in_one_place() -> None:
    """What writes a number, day or list asks `stemgeo.speech`; `stemgeo.texts` reads catalogues."""
    asking = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^\s*(from|import) babel", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(asking) == ["speech.py", "texts/__init__.py"]


def public_functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Give the functions of a module and the methods of its classes that have a public name."""
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        hidden = isinstance(node, ast.ClassDef) and node.name.startswith("_")
        for one in inside:
            if isinstance(one, ast.FunctionDef) and not (hidden or one.name.startswith("_")):
                yield one.name, one


def parameters_of(function: ast.FunctionDef) -> set[str]:
    """Name the parameters of a function, whoever is asked left out."""
    given = function.args
    several = [one for one in (given.vararg, given.kwarg) if one]
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *several]
    return {one.arg for one in every} - {"self", "cls"}


def documented_in(docstring: str) -> set[str]:
    """Name the parameters that the section of a docstring tells of."""
    _, _, after = docstring.partition("Parameters\n----------\n")
    section = re.split(r"^\w+\n-+$", after, maxsplit=1, flags=re.MULTILINE)[0]
    heads = re.findall(r"^\S.*$", section, flags=re.MULTILINE)
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


@pytest.mark.parametrize(
    "path",
    [one for one in module_files() if one.name not in ("cli.py", "fetch_commands.py")],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_three_parameters_or_more_are_documented(path: Path) -> None:
    """Each by its name, and no other; of commands the help tells."""
    wrong = {}
    for name, function in public_functions(ast.parse(path.read_text(encoding="utf-8"))):
        given, told = parameters_of(function), documented_in(ast.get_docstring(function) or "")
        if len(given) > 2 and given != told:
            wrong[name] = sorted(given ^ told)
    assert not wrong


def test_what_a_docstring_leaves_out_is_found() -> None:
    """Names alone, joined by commas, with stars, and the sections after them."""
    source = '''def f(a, b, *, c, **d):
    """Do.

    Parameters
    ----------
    a, b
        Two, of the same kind.
    **d
        More.

    Returns
    -------
    int
        One.
    """'''
    ((_, function),) = public_functions(ast.parse(source))
    assert parameters_of(function) == {"a", "b", "c", "d"}
    assert documented_in(ast.get_docstring(function) or "") == {"a", "b", "d"}


UNIT = re.compile(r"_(km2|kmh|km|ms|min|mm|m|s)$", re.IGNORECASE)
"""At the end of a name: what its number is of."""


def numbers_in(nodes: list[ast.AST]) -> Iterator[tuple[str, float]]:
    """Give each constant and each default that is a number, by its name."""
    pairs: list[tuple[str, ast.expr | None]] = []
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            last = [*node.args.posonlyargs, *node.args.args][::-1]
            pairs += [(a.arg, d) for a, d in zip(last, node.args.defaults[::-1], strict=False)]
            both = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            pairs += [(a.arg, d) for a, d in both]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            pairs.append((node.target.id, node.value))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            pairs.append((node.targets[0].id, node.value))
    for name, value in pairs:
        if isinstance(value, ast.Constant) and type(value.value) in (int, float):
            yield name, value.value


@cache
def policy_numbers() -> set[tuple[str, float]]:
    """Give the numbers of `study`, each with its unit."""
    tree = ast.parse((PACKAGE / "study.py").read_text(encoding="utf-8"))
    found = {(UNIT.search(name), value) for name, value in numbers_in([*ast.walk(tree)])}
    return {(unit[1].lower(), value) for unit, value in found if unit}


def repeated_in(tree: ast.Module) -> set[str]:
    """Name what a module has of policy numbers: one of `study` again, or a default of its own.

    Nothing and one of a thing are no policy.
    """
    nodes = [*ast.walk(tree)]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    arguments = {name for one in functions for name in parameters_of(one)}
    return {
        name
        for name, value in numbers_in(nodes)
        if (unit := UNIT.search(name)) and value not in (0, 1)
        if name in arguments or (unit[1].lower(), value) in policy_numbers()
    }


@pytest.mark.parametrize(
    "path",
    [one for one in module_files() if one.name != "study.py" and one.parent.name != "maps"],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_policy_numbers_stand_in_the_study_alone(path: Path) -> None:
    """No other module has a number with a unit as a default, or one of `study` as its own.

    How finely a map is drawn moves no figure.
    """
    assert not repeated_in(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(walking_speed_ms=1.3): ...", {"walking_speed_ms"}),
        ("def f(*, speed_kmh: float = 17): ...", {"speed_kmh"}),
        ("SNAP_M = 500.0", {"SNAP_M"}),
        ("class A:\n    reach_m: float = 50", {"reach_m"}),
        ("SIDE_M = 123.0\ndef f(room_m=0.0, most=15, far_m=LIMIT_M): ...", set()),
    ],
)
def test_a_policy_number_elsewhere_is_found(source: str, found: set[str]) -> None:
    """As a default, keyword or not, as a constant, and as a field; its own names are no finding."""
    assert repeated_in(ast.parse(source)) == found


def test_no_two_classes_bear_one_name() -> None:
    """A class name means one thing in the whole package, an underscore before it or not."""
    homes: dict[str, list[str]] = {}
    for path in module_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                home = path.relative_to(PACKAGE).as_posix()
                homes.setdefault(node.name.strip("_"), []).append(home)
    assert not {name: at for name, at in homes.items() if len(at) > 1}


def test_no_module_is_called_as_a_function_that_it_holds() -> None:
    """Whoever reads `sample.sample` or `trend.trend` cannot tell a module from a function."""
    alike = []
    for path in module_files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        alike += [
            path.stem
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == path.stem
        ]
    assert not alike
