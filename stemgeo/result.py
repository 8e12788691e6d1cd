"""The result of a run, computed or read from its folder: figures, maps, and what it writes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stemgeo.coverage import ALL_BANDS, REGION
from stemgeo.notes import write_in_all
from stemgeo.report.files import RUN, join_lines
from stemgeo.report.manifests import build_origins
from stemgeo.report.outcome import (
    Outcome,
    Tables,
    WrittenLinks,
    WrittenPlan,
    drop_infinite,
    find_shown,
)
from stemgeo.report.own_annexes import copy_own_annexes, list_own_annexes
from stemgeo.stages import DRAWING_MAPS, Progress, count_off
from stemgeo.tables import check_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from stemgeo.maps.press import Press
    from stemgeo.report.sheets import Sheets

PLAIN = ("gaps", "academies", "annex-1-municipalities", "provinces")
"""Tables that stand in a CSV beside a file that has their places, or are read off others."""


@dataclass(frozen=True, eq=False, repr=False)
class Result(Tables):
    """Everything a run found, with its maps and the folder it can be written to."""

    def map(
        self,
        province: str | None = None,
        *,
        kind: str = "share",
        by: str | None = None,
        before: Tables | str | Path | None = None,
    ) -> Figure:
        """Draw a map of Flanders or one province; see `report.sheets.Sheets.draw`.

        Parameters
        ----------
        province
            One province; all of Flanders when not given.
        kind, by
            What is shown, and by what; see `report.sheets.Sheets.draw`.
        before
            An earlier result or its folder, for kinds that compare.
        """
        from stemgeo.report.sheets import Sheets

        earlier = None if before is None else Sheets(Tables.from_given(before, self.language))
        return self.sheets.draw(kind, province, by=by, before=earlier).figure

    def web_map(
        self,
        *,
        plan: Outcome | str | Path | None = None,
        before: Tables | str | Path | None = None,
        links: Outcome | str | Path | None = None,
    ) -> str:
        """Give the interactive map as one HTML text that needs nothing else.

        Parameters
        ----------
        plan
            What `site` gave for the same study, or its folder: drawn with what each place adds.
        before
            An earlier result or its folder: what changed since.
        links
            What `links` gave for the same study, or its folder: which changes of roads would help.
        """
        from stemgeo.report.sheets import Sheets
        from stemgeo.report.showing import WebPage

        earlier = None if before is None else Sheets(Tables.from_given(before, self.language))
        with ExitStack() as stack:
            folders = [
                stack.enter_context(one.in_folder()) if isinstance(one, Outcome) else one
                for one in (plan, links)
            ]
            made = None if folders[0] is None else WrittenPlan.from_folder(folders[0])
            roads = None if folders[1] is None else WrittenLinks.from_folder(folders[1])
            return WebPage(self.sheets.draw_web_map(plan=made, before=earlier, links=roads))

    def shown(self, what: str = "province") -> pd.DataFrame:
        """Give a table in words.

        Parameters
        ----------
        what
            "region", "province", "municipality", "zone" or a layer, as `summary` gives them; "gaps"
            or "busy" (gaps over quiet roads); or "candidates", the municipalities by what one
            academy more would bring.

        Raises
        ------
        ResultError
            If there is no such table in words.
        """
        import pandas as pd

        from stemgeo.report import summary

        if what in self.coverage["level"].unique():
            return summary.format_coverage(self.summary(what), self.language, what)
        gaps = {"gaps": "all", "busy": "low_stress"}
        if what in gaps:
            profile = gaps[what]
            self.refuse_unmeasured(profile)
            rows = pd.DataFrame(self.gaps[self.gaps["profile"] == profile])
            return summary.format_gaps(rows, self.language, profile)
        find_shown(dict.fromkeys(("region", "province", "municipality", *gaps, "candidates")), what)
        return summary.format_candidates(self.candidates, self.language, self.partly_provinces)

    @cached_property
    def sheets(self) -> Sheets:
        """Its maps, with what each shows in words and as a table."""
        from stemgeo.report.sheets import Sheets

        return Sheets(self)

    def _write_files(self, folder: Path, progress: Progress) -> dict[str, Any]:
        copy_own_annexes(self.study, folder)
        return super()._write_files(folder, progress)

    def _build_projects(self) -> dict[str, bytes]:
        if not self.study.output.qgis:
            return {}
        from stemgeo.qgis.project import build_files

        return build_files(self.sheets)

    def _build_tables(self) -> dict[str, Any]:
        plain = {f"tables/{name}.csv": self.table(name) for name in PLAIN}
        zones = {"tables/zones.parquet": check_table("zone-shares", self.zones)}
        return super()._build_tables() | zones | {"gaps.gpkg": drop_infinite(self.gaps)} | plain

    def _find_words(self, file: str) -> dict[str, str]:
        from stemgeo.report.imprint import list_file_words

        words = list_file_words(self.text)
        if self.isochrones is None or file == "gaps.gpkg":
            return words
        return words | {"isochrones": self.words("about.isochrones")}

    def _build_texts(self) -> dict[str, str]:
        from stemgeo.report.summary import write_summary_markdown

        return {
            "tables/LEESMIJ.txt": join_lines(self._find_words("").values()),
            "map.html": self.web_map(),
            "summary.md": write_summary_markdown(self, self.text),
        }

    def _count_maps(self) -> int:
        return 1 + len(self.whole_provinces)

    def _draw_maps(self, maps: Path, press: Press, progress: Progress) -> None:
        whole = "gebied" if self.study.has_area else REGION[1].lower()
        every = (None, *self.whole_provinces)
        for number, province in enumerate(every):
            progress(count_off(DRAWING_MAPS, number + 1, len(every)), number / len(every))
            name = province.lower() if province else whole
            drawn = self.sheets.draw("share", province)
            press.save(drawn.figure, maps / name, drawn.alt, self.study.output.formats)

    def _build_manifest(self) -> dict[str, Any]:
        from stemgeo.report.imprint import build_map_text
        from stemgeo.uncertainty import TOGETHER

        study, inputs, methods = self.study, self.inputs, self.placement
        return {
            "command": RUN,
            **build_origins(study, inputs, text=self.text),
            "text": {
                str(language): asdict(build_map_text(study.with_language(language), inputs))
                for language in study.languages
            },
            "annexes": list_own_annexes(study),
            "network": self.network_counts,
            "buildings": self.building_counts,
            "placement": {
                method: {"zones": len(rows), "children": int(rows["children"].sum())}
                for method, rows in methods[methods["children"] > 0].groupby("method")
            },
            "sums": count_each_step(self),
            "uncertainty": bool((self.uncertainty["part"] == TOGETHER).any()),
            "notes": write_in_all(self.notes, study.languages),
        }


def count_each_step(result: Tables) -> dict[str, int]:
    """Count the children at each step; all of these are equal."""
    central = result.coverage[
        (result.coverage["band"] == ALL_BANDS)
        & (result.coverage["scenario"] == "central")
        & (result.coverage["profile"] == "all")
    ]
    columns = [name for name in result.demand.columns if name.startswith("children_")]
    sums = {
        "children_in": int(result.inputs.children["children"].sum()),
        "children_at_points": int(result.demand[columns].to_numpy().sum()),
    }
    for level, rows in central.groupby("level", sort=False):
        parts = rows[["covered", "uncovered", "unmeasured"]].to_numpy().sum()
        sums[f"covered_uncovered_unmeasured_{level}"] = int(parts)
    return sums
