"""What commands find: computed, or read from the folder it was written to, and asked alike."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.access.travel_time import UNMEASURED
from stemgeo.coverage import lay_side_by_side, summary_table
from stemgeo.errors import Problem, ResultError
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.accounts import ACCOUNTS
from stemgeo.inputs.files import clean_text
from stemgeo.inputs.territory import codes_of
from stemgeo.maps.press import Press
from stemgeo.maps.text import MapText
from stemgeo.notes import Note, Said
from stemgeo.report.described import Described
from stemgeo.report.describing import describe_folder
from stemgeo.report.files import (
    LINKS,
    RUN,
    SITE,
    TREND,
    check_file,
    list_files,
    read_checked_manifest,
    result_folder,
    write_manifest,
    write_table,
)
from stemgeo.report.manifests import read_study
from stemgeo.report.reading import read_areas, read_table
from stemgeo.speech import LANGUAGES
from stemgeo.stages import (
    DRAWING_MAPS,
    WRITING_TABLES,
    WRITING_TEXTS,
    Progress,
    report_nothing,
    tell_between,
)
from stemgeo.study import PROVINCES, SaidBy, parse_study
from stemgeo.tables import SCHEMAS, check_table
from stemgeo.texts import load_texts
from stemgeo.texts.wording import find_wording
from stemgeo.writing.seal import MANIFEST
from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stemgeo.inputs import Inputs
    from stemgeo.speech import Language
    from stemgeo.study import Study
    from stemgeo.texts import Texts

FINEST_DETAIL_M = 10.0
"""Detail of outlines that no map can show."""
_ACCESS = ["point_id", "profile", "ages", "travel_time_s", "status"]
_SCHEMAS = {
    "tables/municipalities.parquet": "annex-1-municipalities",
    "tables/zones.parquet": "zone-shares",
    "to-check.gpkg": "to-check-lines",
    "tables/compare-questions.csv": "comparison-questions",
    "tables/subsidy-before.csv": "subsidy",
}
"""Of files that are not called as their schema."""


class Outcome:
    """What a command found: a class of this family is a dataclass of what is computed.

    Of a folder a field is read when it is first asked for, against the hash in the manifest and
    strictly as its schema has it. A field that no folder holds is refused there.

    Attributes
    ----------
    COMMAND
        What writes it, as its manifest says.
    FILES
        Where in the folder each field stands that is a table.
    OPTIONAL
        Those that are None where the folder has no such file.
    KNOWN
        Those that are not checked as they leave.
    SAID
        Where in the manifest each field stands that is no table.
    DRAWN
        Whether its folder has maps.
    NO_OTHER_TONGUE
        Why it is told in its own language alone, and what to do; empty where a study has others.
    LIBRARIES
        Beside those of a run: what the bytes of its files hang on.
    folder
        From which it was read; None when it was computed.
    """

    COMMAND: ClassVar[str]
    FILES: ClassVar[Mapping[str, str]] = {}
    OPTIONAL: ClassVar[frozenset[str]] = frozenset()
    KNOWN: ClassVar[frozenset[str]] = frozenset()
    SAID: ClassVar[Mapping[str, str]] = {}
    DRAWN: ClassVar[bool] = True
    NO_OTHER_TONGUE: ClassVar[tuple[str, ...]] = ()
    LIBRARIES: ClassVar[tuple[str, ...]] = ()
    folder: Path | None = None
    _files: dict[str, Any]
    if TYPE_CHECKING:
        study: Study
        notes: tuple[Note, ...]
        inputs: Any
    else:  # whoever checks types knows the fields

        def __getattr__(self, name: str) -> Any:
            # What was computed has all of its fields: this is asked of a folder alone.
            if self.folder is None or name not in self._field_names():
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            value = vars(self)[name] = self._read_field(name)
            return value

    @classmethod
    def from_folder(cls, folder: str | Path, language: Language | None = None) -> Self:
        """Take a folder, told in a language or that of its study.

        Raises
        ------
        ResultError
            If it holds no result of this command, or a manifest not as stemgeo writes it. So does
            a table that is asked for later, when its file is missing, was changed or does not fit.
        """
        content = read_checked_manifest(Path(folder), cls.COMMAND)
        found = cls.__new__(cls)
        vars(found).update(folder=Path(folder), manifest=content, _files={})
        return found if language is None else found.told_in(language)

    @classmethod
    def from_given(cls, given: Self | str | Path, language: Language | None = None) -> Self:
        """Take a result, or the folder of one, told in a language or that of its study."""
        if isinstance(given, str | Path):
            return cls.from_folder(given, language)
        return given if language is None else given.told_in(language)

    def told_in(self, language: Language) -> Self:
        """Tell it in a language; of a folder what was read is shared.

        Raises
        ------
        ResultError
            If it is of one language and that is another.
        """
        if language == self.language:
            return self
        if self.NO_OTHER_TONGUE:
            said = (one.format(own=self.language, other=language) for one in self.NO_OTHER_TONGUE)
            raise ResultError(Problem(self._name_of_folder, *said))
        study = self.study.with_language(language)
        if self.folder is None:
            return replace(self, study=study)  # type: ignore[type-var]
        kept = {"folder", "manifest", "_files", *self._field_names()}
        twin = type(self).__new__(type(self))
        vars(twin).update({name: one for name, one in vars(self).items() if name in kept})
        vars(twin)["study"] = study
        return twin

    def __repr__(self) -> str:
        from stemgeo.report.showing import format_text

        return format_text(self)

    def _repr_html_(self) -> str:
        from stemgeo.report.showing import format_html

        return format_html(self)

    def shown(self) -> pd.DataFrame:
        """Give its main table in words, for people: what is seen of it on a screen."""
        raise NotImplementedError

    @property
    def language(self) -> Language:
        """In which it is told."""
        return self.study.language

    @property
    def words(self) -> Texts:
        """The texts of its language."""
        return load_texts(self.language)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was asked, of which data, with which versions; of a folder its hashes too."""
        told: dict[str, Any] = json.loads(json.dumps(self._build_manifest(), default=str))
        return told

    @property
    def made_of(self) -> tuple[dict[str, Any], ...]:
        """The manifests that tell of its studies: its own, or those of the results behind it."""
        return (self.manifest,)

    @property
    def _told(self) -> dict[str, Any]:
        """All that its manifest tells; what is not in it, the first result behind it does."""
        return self.made_of[0] | self.manifest

    @cached_property
    def text(self) -> MapText:
        """What is printed around its maps and beside its tables."""
        if self.folder is None:
            return self._build_map_text()
        told = self._told["text"]
        told = told if "title" in told else told.get(self.language)
        if told is None:
            what = f"was written before it had texts in '{self.language}'"
            raise ResultError(Problem(str(self.folder), what, "run it again"))
        if "minutes" not in told:  # older ones say neither minutes nor year apart
            from stemgeo.report.imprint import say_scope

            told = told | say_scope(self.study)
        return MapText(**told | {"language": self.language})

    def path(self, name: str) -> Path:
        """Give a file of the folder, after checking that it is as it was written."""
        return check_file(self.folder or Path(), name, self.manifest)

    def write(
        self, place: str | Path, *, replace: bool = False, progress: Progress = report_nothing
    ) -> Path:
        """Write it into a folder, whole or not at all; what was read is copied as it stands.

        Parameters
        ----------
        place
            The folder; an older one of the same command is replaced where nobody worked on it.
        replace
            Whether anything else there is kept beside it, as NAME.old-DATE, in place of refused.
        progress
            Called with what is being done and the share behind us.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        ResultError
            If the place holds what the command did not write.
        """
        with result_folder(Path(place), self.COMMAND, replace=replace) as new:
            if self.folder is None:
                told = self.manifest | self._write_files(new, progress)
                files = list_files(new)
                describe_folder(self._describe(told, files), new, _find_schema)
                write_manifest(new, told, files)
            else:
                for name in self.manifest["outputs"]:
                    (new / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(self.path(name), new / name)
                shutil.copyfile(self.folder / MANIFEST, new / MANIFEST)
        return Path(place)

    def _describe(self, told: dict[str, Any], files: dict[str, Any]) -> Described:
        """Give what its descriptions tell of it."""
        inputs = {one["sha256"]: one for side in self.made_of for one in side["inputs"]}
        behind = asdict(self.text) if "a" in told else self.made_of[0]["text"]
        return Described(
            study=read_study(self.made_of[0]).with_language(self.language),
            command=self.COMMAND,
            text=told.get("text") or behind,
            inputs=[*inputs.values()],
            files=files,
            ground=self._list_ground(),
        )

    def _list_ground(self) -> list[str]:
        """Name the provinces and municipalities that it is of; none where that is Flanders."""
        return []

    @contextmanager
    def in_folder(self) -> Iterator[Path]:
        """Give its folder; what was computed is written to one for as long as it is needed."""
        if self.folder is not None:
            yield self.folder
            return
        with temporary_folder() as beside:
            yield self.write(beside / self.COMMAND)

    def rows(self, name: str, columns: list[str] | None = None, **values: str) -> Any:
        """Give the rows of a table with these values; of a folder no others are read.

        Parameters
        ----------
        name
            Of a field.
        columns
            All when not given.
        values
            By column.
        """
        if self.folder is not None and name not in vars(self) and not self._lacks_file(name):
            file = self.FILES[name]
            chosen: Any = [(column, "==", value) for column, value in values.items()]
            if file.endswith(".gpkg"):
                chosen = " AND ".join(f"{column} = '{value}'" for column, value in values.items())
            how = {"where" if file.endswith(".gpkg") else "filters": chosen or None}
            return read_areas(self.path(file), _find_schema(file), columns, **how)
        table = getattr(self, name)
        if table is None:
            return None
        chosen = np.ones(len(table), dtype=np.bool_)
        for column, value in values.items():
            chosen &= (table[column] == value).to_numpy(np.bool_)
        # Of millions of rows no column is copied that is not asked for.
        return (table if columns is None else table[columns])[chosen]

    def _read_csv_table(self, name: str) -> pd.DataFrame:
        """Give a table as a CSV of the folder has it."""
        if self.folder is not None:
            found: pd.DataFrame = self._read_file(f"tables/{name}.csv")
            return found
        made: pd.DataFrame | None = self._build_plain(name)
        if made is None:
            raise ResultError(Problem(f"stemgeo {self.COMMAND}", f"makes no table '{name}'"))
        return made

    def _build_plain(self, name: str) -> pd.DataFrame | None:
        """Give a table that was computed as a CSV will have it; None when there is none."""
        of_file = {file: one for one, file in self.FILES.items()}
        return getattr(self, of_file.get(f"tables/{name}.csv", ""), None)

    @classmethod
    def _field_names(cls) -> set[str]:
        """Name what it holds."""
        own = getattr(cls, "__dataclass_fields__", ())
        return {"study", "notes", *own, *cls.FILES, *cls.SAID}

    @property
    def _name_of_folder(self) -> str:
        """Call it by its folder."""
        return clean_text(self.folder.name) if self.folder else "result"

    def _read_field(self, name: str) -> Any:
        """Read a field."""
        if name in self.FILES:
            return None if self._lacks_file(name) else self._read_file(self.FILES[name])
        if name in self.SAID:
            return self.manifest.get(self.SAID[name], {})
        if name == "study":
            return parse_study(self._told["study"], name=str(self.folder), said_by=SaidBy.RESULT)
        if name == "notes":
            return tuple(map(_read_note, self._told.get("notes", ())))
        what, mend = f"does not hold '{name}'", f"`stemgeo {self.COMMAND}` computes it"
        raise ResultError(Problem(str(self.folder), what, mend))

    def _lacks_file(self, name: str) -> bool:
        return name in self.OPTIONAL and self.FILES[name] not in self.manifest["outputs"]

    def _read_file(self, name: str) -> Any:
        """Read a table of the folder, once."""
        if name not in self._files:
            read = read_table if name.endswith(".csv") else read_areas
            self._files[name] = read(self.path(name), _find_schema(name))
        return self._files[name]

    def _write_files(self, folder: Path, progress: Progress) -> dict[str, Any]:
        """Write all but the manifest; give what it tells of them that is known afterwards."""
        with Press(self._count_maps()) as press:
            if self.DRAWN:  # first: the press saves them while the rest is written
                (folder / "maps").mkdir()
                progress(DRAWING_MAPS, 0.9)
                self._draw_maps(folder / "maps", press, tell_between(progress, 0.9, 0.96))
            progress(WRITING_TABLES, 0.96)
            for name, table in self._build_tables().items():
                (folder / name).parent.mkdir(exist_ok=True)
                write_table(table, folder / name, self._find_words(name))
            progress(WRITING_TEXTS, 0.98)
            for name, text in self._build_texts().items():
                (folder / name).write_text(text, encoding="utf-8")
            for name, content in self._build_projects().items():
                (folder / name).write_bytes(content)
        return {}

    def _build_tables(self) -> dict[str, Any]:
        """Give what is written by its file, checked as it leaves."""
        there = {}
        for name, file in self.FILES.items():
            table = getattr(self, name)
            if table is not None:
                there[file] = (
                    table if name in self.KNOWN else check_table(_find_schema(file), table)
                )
        return there

    def _find_words(self, _file: str) -> dict[str, str]:
        """Give what goes with a file that has no place for words of its own."""
        return {}

    def _build_texts(self) -> dict[str, str]:
        """Give the texts by their file."""
        raise NotImplementedError

    def _build_projects(self) -> dict[str, bytes]:
        """Give what other programs open, by its file."""
        return {}

    def _count_maps(self) -> int:
        """How many maps and charts there are, where they are many."""
        return 0

    def _draw_maps(self, maps: Path, press: Press, progress: Progress) -> None:
        """Draw maps and charts, and give them to the press to save in a folder."""

    def _build_map_text(self) -> MapText:
        """Say what is printed around maps."""
        from stemgeo.report.imprint import build_map_text

        return build_map_text(self.study, self.inputs)

    def _build_manifest(self) -> dict[str, Any]:
        """Give what the manifest says, but for the hashes."""
        raise NotImplementedError


def _find_schema(file: str) -> str:
    of_level = "comparison" if file.startswith("tables/compare-") else Path(file).stem
    return _SCHEMAS.get(file, of_level)


def _read_note(said: dict[str, str] | str) -> Note:
    """Give a note of a manifest; those of older versions are in one language."""
    lines = dict.fromkeys(LANGUAGES, said) if isinstance(said, str) else said
    other = lines.get("en") or next(iter(lines.values()), "")
    said = {one: lines.get(one) or other for one in LANGUAGES}
    nowhere = ""  # the place stands in the line
    return Note(nowhere, Said(**said))


@dataclass(frozen=True, eq=False, repr=False)
class Tables(Outcome):
    """Everything a run found.

    Attributes
    ----------
    study, inputs
        What was asked, of which data; inputs are in no folder.
    coverage, groups, municipalities, academies, gaps, demand, access, isochrones
        The tables; see `docs/data-dictionary.md`. `municipalities` has both measures side by
        side, `academies` those that count on the study's date.
    gap_municipalities, gap_children
        The municipalities of each gap, and every child that is out of reach, see `gaps.Gaps`; the
        latter is in no folder.
    changes
        Recognised academies against the year before, see `coverage.changes_table`.
    candidates
        The table `candidate-municipalities`: where one academy more would add most.
    times
        Minutes to the nearest academies, academies within reach and the share by minute, see
        `times.measure_times`.
    effects
        What a choice of the model changes: children within reach with surfaces counted and without.
    placement
        By which method the children of each zone were placed.
    sensitivity
        The share of each province when the children are placed by other methods.
    uncertainty
        The shares with each assumption at both its ends, see `uncertainty`.
    to_check, to_check_lines, verdicts
        The roads on which quiet shares depend, drawn too, and of which municipalities; None unless
        they were asked for.
    quintiles, concentration
        Coverage by each attribute of the study, see `equity`; None when it names none.
    subsidy
        What each applicant gets under the subsidy rules of the study's year, see `subsidy`; None
        where it chose none.
    subsidy_before
        The same without the plan; None where no plan moves or closes an academy of the register.
    plan_changes
        What the plan opens, moves and closes, see `recognition.list_changes`; None without one.
    network_edits
        The edits of roads that it was measured with, where they lie; None without any.
    surroundings
        What maps of a study with an area show around it, and its roads; None without an area.
    postcodes
        Of the study's file, with the municipalities that they are of; None without one.
    reported, participants, budget, events
        What others counted, see `inputs.accounts`; None where it was not given.
    main_roads
        By which one finds the way on the web map; None in a straight line.
    network_counts
        By profile: what was read of the roads and left out; empty for "straight-line".
    building_counts
        What was read of the extract's buildings and left out; empty when they were not read.
    band_outlines
        The isochrones of the nearest as the web map draws them, see `maps.topology.sketch_bands`;
        None where that is still to be done.
    notes
        What a reader of the figures must know: warnings of the inputs and of the run.
    """

    COMMAND = RUN
    FILES: ClassVar[Mapping[str, str]] = {
        **{
            name: f"tables/{name.replace('_', '-')}.csv"
            for name in (
                *("coverage", "groups", "times", "gap_municipalities", "changes", "effects"),
                *("placement", "sensitivity", "uncertainty", "to_check", "verdicts", "quintiles"),
                *("concentration", "subsidy", "subsidy_before", "plan_changes", "postcodes"),
                *ACCOUNTS,
            )
        },
        "reported": "tables/reported-figures.csv",
        **{
            name: f"tables/{name}.parquet"
            for name in ("municipalities", "academies", "demand", "access", "surroundings")
        },
        "candidates": "tables/candidate-municipalities.csv",
        "main_roads": "tables/main-roads.parquet",
        "gaps": "gaps.gpkg",
        "isochrones": "isochrones.gpkg",
        "to_check_lines": "to-check.gpkg",
        "network_edits": "network-edits.gpkg",
    }
    OPTIONAL = frozenset(
        {
            *("to_check", "verdicts", "quintiles", "concentration", "isochrones", "subsidy"),
            *("subsidy_before", "plan_changes", "surroundings", "main_roads", "postcodes"),
            *("to_check_lines", "network_edits", *ACCOUNTS),
        }
    )
    KNOWN = frozenset(
        {
            *("coverage", "effects", "uncertainty", "to_check", "to_check_lines", "verdicts"),
            *("municipalities", "academies", "isochrones"),
        }
    )
    SAID: ClassVar[Mapping[str, str]] = {
        "network_counts": "network",
        "building_counts": "buildings",
    }

    study: Study
    inputs: Inputs
    coverage: pd.DataFrame
    groups: pd.DataFrame
    times: pd.DataFrame
    municipalities: gpd.GeoDataFrame
    academies: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    gap_municipalities: pd.DataFrame
    gap_children: pd.DataFrame
    changes: pd.DataFrame
    candidates: pd.DataFrame
    demand: gpd.GeoDataFrame
    access: pd.DataFrame
    isochrones: gpd.GeoDataFrame | None
    effects: pd.DataFrame
    placement: pd.DataFrame
    sensitivity: pd.DataFrame
    uncertainty: pd.DataFrame
    to_check: pd.DataFrame | None
    to_check_lines: gpd.GeoDataFrame | None
    verdicts: pd.DataFrame | None
    quintiles: pd.DataFrame | None
    concentration: pd.DataFrame | None
    subsidy: pd.DataFrame | None
    subsidy_before: pd.DataFrame | None
    plan_changes: pd.DataFrame | None
    network_edits: gpd.GeoDataFrame | None
    surroundings: gpd.GeoDataFrame | None
    main_roads: gpd.GeoDataFrame | None
    postcodes: pd.DataFrame | None
    reported: pd.DataFrame | None
    participants: pd.DataFrame | None
    budget: pd.DataFrame | None
    events: pd.DataFrame | None
    network_counts: dict[str, dict[str, int]] = field(default_factory=dict)
    building_counts: dict[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = field(default_factory=tuple)
    band_outlines: gpd.GeoSeries | None = None

    @cached_property
    def profiles(self) -> set[str]:
        """Those that were measured: in a straight line no road is quiet."""
        return set(self.coverage["profile"].unique())

    @cached_property
    def whole_provinces(self) -> list[str]:
        """The provinces of the study, but for those of which its area holds a part alone."""
        there = set(self.coverage["code"][self.coverage["level"] == "province"])
        return [one for one in PROVINCES if one in there - self.partly_provinces]

    @cached_property
    def partly_provinces(self) -> frozenset[str]:
        """The provinces of which the area of the study holds a part alone."""
        rows = self.coverage[self.coverage["level"] == "province"]
        return frozenset(rows["code"][rows["code"] != rows["name"]])

    @cached_property
    def academy_names(self) -> dict[str, str]:
        """The name of each academy that was open, by its id."""
        table = self.table("academies")
        return dict(zip(table["academy_id"].astype(str), table["name"], strict=True))

    @cached_property
    def candidate_places(self) -> gpd.GeoDataFrame:
        """The rows of `candidates` as points: the place in each municipality that adds most."""
        at = gpd.points_from_xy(self.candidates["x_m"], self.candidates["y_m"], crs=LAMBERT_72)
        table = gpd.GeoDataFrame(self.candidates, geometry=at)
        return table[table["x_m"].notna()]

    @cached_property
    def zones(self) -> gpd.GeoDataFrame:
        """The table `zone-shares`: zones with light outlines, and their share within reach."""
        if self.folder is not None:
            found: gpd.GeoDataFrame = self._read_file("tables/zones.parquet")
            return found
        from stemgeo.maps.series import lighten_outlines

        rows = self.coverage[self.coverage["level"] == "zone"]
        counted = lay_side_by_side(rows, "zone-shares", ["code"]).drop(columns="name")
        zones = self.inputs.zones.sort_values("zone_id", ignore_index=True)
        provinces = self.municipalities.set_index("nis_code")["province"]
        table = zones[["zone_id", "nis_code", "name"]].copy()
        table["province"] = provinces.reindex(zones["nis_code"]).to_numpy()
        table = table.join(counted, on="zone_id")
        outlines = lighten_outlines(zones.geometry, FINEST_DETAIL_M)
        return gpd.GeoDataFrame(table, geometry=outlines.to_numpy(), crs=zones.crs)

    @cached_property
    def rides(self) -> pd.DataFrame:
        """The children of each point and age cell: `point`, `children`, `time_s`, `measured`."""
        demand, access = self.demand, self.rows("access", _ACCESS, profile="all")
        ids = demand["point_id"].to_numpy(object)
        # Of a study without children no ages were searched.
        nobody = {"point": np.intp, "children": np.int64, "time_s": np.float64, "measured": bool}
        parts = [] if len(access) else [pd.DataFrame(columns=[*nobody]).astype(nobody)]
        for ages, rows in access.groupby("ages", sort=False):
            if not np.array_equal(rows["point_id"].to_numpy(object), ids):
                what = f"the rows of ages {ages} do not follow the demand points"
                raise ResultError(Problem("access.parquet", what, "run the study again"))
            children = demand[f"children_{ages}"].to_numpy()
            there = np.flatnonzero(children)
            parts.append(
                pd.DataFrame(
                    {
                        "point": there,
                        "children": children[there],
                        "time_s": rows["travel_time_s"].to_numpy()[there],
                        "measured": (rows["status"] != UNMEASURED).to_numpy(bool)[there],
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def summary(self, by: str = "province", *, band: str = "all", sex: str = "all") -> pd.DataFrame:
        """One row for each place of a level; see `coverage.summary_table`.

        Parameters
        ----------
        by
            region, province, municipality, zone or a layer.
        band
            An age band of the study, or "all".
        sex
            "all", "F" or "M".
        """
        counted = self.coverage if sex == "all" else self.groups
        towns = self.table("annex-1-municipalities")
        return summary_table(counted, towns, by, band=band, sex=sex)

    def table(self, name: str) -> pd.DataFrame:
        """Give a table as a CSV of the folder has it; not to be changed in place.

        Parameters
        ----------
        name
            As in `docs/data-dictionary.md`; places are left out, or numbers.
        """
        return self._read_csv_table(name)

    def _build_plain(self, name: str) -> pd.DataFrame | None:
        if name in ("gaps", "annex-1-municipalities", "academies"):
            return self._drop_places(name)
        if name == "provinces":
            return check_table("provinces", self.summary())
        return super()._build_plain(name)

    def _drop_places(self, name: str) -> pd.DataFrame:
        if name == "gaps":
            return drop_infinite(pd.DataFrame(self.gaps.drop(columns="geometry")))
        if name == "academies":
            at, plain = self.academies.geometry, self.academies.drop(columns="geometry")
            return pd.DataFrame(plain).assign(x_m=at.x.round(1), y_m=at.y.round(1))
        return pd.DataFrame(self.municipalities.drop(columns="geometry"))

    def _list_ground(self) -> list[str]:
        if not self.text.region:
            return []
        towns, vintage = (
            {*self.table("annex-1-municipalities")["nis_code"]},
            self.study.about.vintage,
        )
        whole = [one for one in PROVINCES if codes_of(one, vintage) <= towns]
        return [*whole, *sorted(towns.difference(*(codes_of(one, vintage) for one in whole)))]

    def refuse_other_question(self, before: Tables) -> None:
        """Refuse an earlier result of another thing or mode of travel: what differs is no change.

        Raises
        ------
        ResultError
            Saying of which both are.
        """
        if self.study.seeks_other_than(before.study):
            ours, theirs = (
                find_wording(one.language).words.plural for one in (self.study, before.study)
            )
            what = f"the earlier result is of '{theirs}', this one of '{ours}'"
            mend = "give one of the same, with its word in the same language"
            raise ResultError(Problem("before", what, mend))
        then, mode = before.study.travel.mode, self.study.travel.mode
        if then != mode:
            what = f'the earlier result is measured with mode = "{then}", this one with "{mode}"'
            mend = "give one of the same mode; `stemgeo compare` lays these side by side"
            raise ResultError(Problem("before", what, mend))

    def refuse_unmeasured(self, profile: str) -> None:
        """Refuse roads over which it was not measured: an empty table would say "none".

        Raises
        ------
        ResultError
            Saying why it has none, and how to get them.
        """
        if profile in self.profiles:
            return
        there = ", ".join(sorted(self.profiles))
        why, mend = f"it has: {there}", f'add "{profile}" to profiles under [travel]'
        if self.study.straight_line:
            why, mend = "it is measured in a straight line", "run a study over roads"
        elif self.study.travel.on_foot:
            why, mend = "on foot no road is too busy", 'take "all"'
        what = f"has no figures over roads '{profile}': {why}"
        raise ResultError(Problem(self._name_of_folder, what, mend))


class WrittenPlan(Outcome):
    """The folder of a plan, as others ask for its tables."""

    COMMAND = SITE

    def table(self, name: str) -> pd.DataFrame:
        """Give a table by its name in the data dictionary, without places."""
        return self._read_csv_table(name)

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """The table `plan` as points."""
        table = self.table("plan")
        at = gpd.points_from_xy(table["x_m"], table["y_m"], crs=LAMBERT_72)
        return gpd.GeoDataFrame(table.drop(columns=["x_m", "y_m"]), geometry=at)

    @property
    def profile(self) -> str:
        """Over which roads it looks."""
        return str(self.manifest["study"]["siting"]["profile"])


class WrittenLinks(Outcome):
    """The folder of which road, as others ask for its tables."""

    COMMAND = LINKS
    if TYPE_CHECKING:
        links: gpd.GeoDataFrame
        sets: pd.DataFrame
    FILES: ClassVar[Mapping[str, str]] = {
        "links": "links.gpkg",
        "towns": "tables/links-municipalities.csv",
        "ranks": "tables/link-ranks.csv",
        "sets": "tables/link-sets.csv",
    }

    def table(self, name: str) -> pd.DataFrame:
        """Give a table by its name in the data dictionary, without places."""
        return self._read_csv_table(name)

    @property
    def profile(self) -> str:
        """Over which roads it looks."""
        return self.study.links_profile


class WrittenTrend(Outcome):
    """The folder of a trend, as others ask for its tables."""

    COMMAND = TREND

    def table(self, name: str) -> pd.DataFrame:
        """Give a table by its name in the data dictionary; that of no rows was not written."""
        if f"tables/{name}.csv" in self.manifest["outputs"]:
            return self._read_csv_table(name)
        return pd.DataFrame(columns=[*SCHEMAS[name].columns])


_Shows = TypeVar("_Shows")


def find_shown(tables: Mapping[str, _Shows], what: str) -> _Shows:
    """Find one of the tables that are given in words.

    Raises
    ------
    ResultError
        If there is none that is called so.
    """
    if what not in tables:
        mend = f"there are: {', '.join(tables)}"
        raise ResultError(Problem("shown", f"there is no table '{what}' in words", mend))
    return tables[what]


def drop_infinite(table: pd.DataFrame) -> pd.DataFrame:
    """Leave empty what is beyond measure: a file has no infinity."""
    return table.replace({np.inf: np.nan})
