"""When an academy's recognition holds, and the one way in which outputs say it.

A register that gives no date says nothing of a recognition: nothing is called recognised then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from stemgeo import facts
from stemgeo.errors import Problem, StudyError
from stemgeo.inputs.plan import CLOSED, PLACES
from stemgeo.notes import Note, Said, say, say_amount, say_count, say_day, say_list, say_several
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd

    from stemgeo.inputs import Inputs
    from stemgeo.speech import Language
    from stemgeo.study import AcademyRules, Study


# -- which academies count -------------------------------------------------------------------


def choose_recognised(
    register: gpd.GeoDataFrame, date: dt.date, rules: AcademyRules
) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Choose the academies whose recognition is valid on a day.

    Parameters
    ----------
    register
        The academies table. Without `valid_from` a recognition has always begun; without
        `valid_until` it lasts from `valid_from` as long as the rules say, or for ever when that is
        unknown. So it is with the places of a plan: without days they count on every one.
    date
        The day, inclusive at both ends.
    rules
        Of the study.

    Returns
    -------
    tuple
        The academies that count, and a note when there are none.
    """
    chosen = register[_holds_on(register, date, rules)].reset_index(drop=True)
    if len(chosen):
        return chosen, []
    return chosen, [
        Note(
            say_several("academy"),
            say(
                "none of {all} is {standing} on {day}",
                "van de {all} is er geen {enkele|enkel} {standing} op {day}",
                "sur {all}, {aucun|aucune} n’est {standing} au {day}",
                all=say_count(len(register), "academy"),
                day=say_day(date),
            ),
            say("nobody is within reach", "niemand is binnen bereik", "personne n’est à portée"),
        )
    ]


def _holds_on(register: pd.DataFrame, date: dt.date, rules: AcademyRules) -> pd.Series[bool]:
    on = pd.Timestamp(date)
    start, end = list_days(register, rules)
    # An unknown date compares as false: what has no known start or end has not begun or ended.
    return ~(start > on) & ~(end < on)


def note_idle_plan(inputs: Inputs, date: dt.date, rules: AcademyRules) -> list[Note]:
    """Name the places of a plan that do not count on a day, and what it closes that did not.

    Parameters
    ----------
    inputs
        With a plan or without.
    date, rules
        As for `choose_recognised`.
    """
    if inputs.plan is None:
        return []
    idle = inputs.plan[~_holds_on(inputs.plan, date, rules)]
    closed = idle["change"] == CLOSED
    file = next(one.name for one in inputs.provenance if one.role == PLACES.role)
    day = say_day(date)
    told = []
    if not closed.all():
        names = say_list(idle.loc[~closed, "name"].tolist())
        what = say(
            "not open on {day}: {names}",
            "niet open op {day}: {names}",
            "fermé au {day} : {names}",
            day=day,
            names=names,
        )
        told.append(Note(file, what, say("not counted", "niet meegeteld", "non compté")))
    if closed.any():
        names = say_list(idle.loc[closed, "name"].tolist())
        what = say(
            "not open on {day} anyway: {names}",
            "op {day} sowieso niet open: {names}",
            "fermé de toute façon au {day} : {names}",
            day=day,
            names=names,
        )
        none = say("closing changes nothing", "sluiten verandert niets", "le fermer ne change rien")
        told.append(Note(file, what, none))
    return told


def list_changes(inputs: Inputs, date: dt.date, rules: AcademyRules) -> pd.DataFrame | None:
    """Give the table `plan-changes`: what the plan of a study opens, moves and closes.

    Parameters
    ----------
    inputs
        With a plan; without one there is none.
    date, rules
        As for `choose_recognised`.
    """
    plan, was = inputs.plan, inputs.changed
    if plan is None or was is None:
        return None
    names = inputs.municipalities.set_index("nis_code")["name"]
    gone = plan["change"] == CLOSED
    then = was.set_index("academy_id").reindex(plan["academy_id"])
    now = plan.assign(nis_code=plan["nis_code"].mask(gone, "")).set_geometry(
        plan.geometry.where(~gone)
    )
    columns = {"academy_id": plan["academy_id"], "name": plan["name"], "change": plan["change"]}
    columns["counts"] = _holds_on(plan, date, rules)
    for frame, end in ((then, "_before"), (now, "")):
        code = frame["nis_code"].fillna("").reset_index(drop=True)
        columns[f"nis_code{end}"] = code
        columns[f"municipality{end}"] = code.map(names).fillna("")
    for frame, end in ((then, "_before"), (now, "")):
        at = frame.geometry.reset_index(drop=True)
        columns |= {f"x_m{end}": at.x.round(3), f"y_m{end}": at.y.round(3)}
    places = (one.geometry.reset_index(drop=True) for one in (then, now))
    before, after = places
    columns["moved_m"] = before.distance(after)
    return pd.DataFrame(columns)


def choose_lapsed(
    register: gpd.GeoDataFrame, date: dt.date, rules: AcademyRules
) -> gpd.GeoDataFrame:
    """Choose the academies whose recognition ended before a day.

    `last_day` says when, `last_day_by` whether the "register" gives that day or a "rule" does.

    Parameters
    ----------
    register, date, rules
        As for `choose_recognised`.
    """
    _, end = list_days(register, rules)
    ended = (end < pd.Timestamp(date)).to_numpy()
    by = register["valid_until"].isna().map({True: "rule", False: "register"})
    return register.assign(last_day=end, last_day_by=by)[ended].reset_index(drop=True)


def list_days(register: pd.DataFrame, rules: AcademyRules) -> tuple[pd.Series, pd.Series]:
    """Give the first and the last day of each recognition; the last as the rules have it.

    Parameters
    ----------
    register
        With `valid_from` and `valid_until`.
    rules
        Of the study.
    """
    start, end = (pd.to_datetime(register[name]) for name in ("valid_from", "valid_until"))
    # From the eve: two years from 29 February end on 28 February, not on the 27th.
    eve = start - pd.Timedelta(days=1)
    for length in _list_lengths(rules):
        mine = end.isna() & length.applies_to(start)
        end = end.mask(mine, eve + pd.DateOffset(years=length.years))
    return start, end


@dataclass(frozen=True)
class _Length:
    """How long recognitions last that begin from a day on, until another day."""

    years: int
    name: Said
    begins: dt.date | None = None
    ends: dt.date | None = None

    @classmethod
    def from_rule(cls, key: str, **days: dt.date | None) -> _Length:
        one = facts.read_recognition_rules()[key]
        return cls(one["years"], Said(one["en"], one["nl"], one["fr"]), **days)

    def applies_to(self, start: pd.Series) -> pd.Series[bool]:
        from_then = start >= pd.Timestamp(self.begins) if self.begins else start.notna()
        return from_then & ((start < pd.Timestamp(self.ends)) if self.ends else True)


def _list_lengths(rules: AcademyRules) -> list[_Length]:
    """Give the rules that a study chose, each with the starts that it is of."""
    if rules.recognition_years is not None:
        own = say("as the study says", "zoals de studie zegt", "comme le dit l’étude")
        return [_Length(rules.recognition_years, own)]
    if rules.recognition == "endless":
        return []
    day = rules.recognition_from
    later = [_Length.from_rule(rules.recognition, begins=day)] if rules.recognition else []
    return [_Length.from_rule("criteria_2021", ends=day), *later]


def _say_length(one: _Length) -> Said:
    return say(
        "{years} ({rule})",
        "{years} ({rule})",
        "{years} ({rule})",
        years=say_count(one.years, "year"),
        rule=one.name,
    )


def note_lengths(register: gpd.GeoDataFrame, rules: AcademyRules) -> list[Note]:
    """Say by which rule recognitions end of which only the first day is known.

    Raises
    ------
    StudyError
        If the study chose a rule that is of no academy.
    """
    start = pd.to_datetime(register["valid_from"])[register["valid_until"].isna()]
    used = {one: int(one.applies_to(start).sum()) for one in _list_lengths(rules)}
    only = sum(used.values()) if used else int(start.notna().sum())
    asked = "recognition_years" if rules.recognition_years else "recognition"
    if getattr(rules, asked) and used and not list(used.values())[-1]:
        since = f" from {rules.recognition_from} on" if rules.recognition_from else ""
        idle = f"changes nothing: the register gives none a first day{since} and no last day"
        raise StudyError(Problem("study.toml", f"'academies.{asked}' {idle}", "leave it out"))
    several = sum(map(bool, used.values())) > 1
    told = [
        say(
            "{rule} for {number}",
            "{rule} voor {number}",
            "{rule} pour {number}",
            rule=_say_length(one),
            number=say_amount(number),
        )
        if several
        else _say_length(one)
        for one, number in used.items()
        if number
    ]
    if not only:
        return []
    what = say(
        "of {only} of {all} only the first day is known",
        "van {only} van de {all} is alleen de eerste dag bekend",
        "pour {only} sur {all}, seul le premier jour est connu",
        only=say_amount(only),
        all=say_count(len(register), "academy"),
    )
    lasts = say(
        "{a_noun} then lasts {told}",
        "{a_noun} duurt dan {told}",
        "{a_noun} dure alors {told}",
        told=say_list(told),
    )
    return [Note(say_several("academy"), what, lasts if used else _ENDLESS)]


_ENDLESS = say(
    "they count from then on, without end",
    "vanaf dan tellen zij mee, zonder einde",
    "{ils|elles} comptent dès ce jour, sans fin",
)


def keep_own(study: Study, academies: pd.DataFrame) -> pd.DataFrame:
    """Keep the academies of the study's area: those around it serve, and are paid elsewhere."""
    return academies[academies["nis_code"] != ""] if study.has_area else academies


def is_undated(academies: pd.DataFrame) -> pd.Series[bool]:
    """Tell of which academies the register gives neither the first day nor the last."""
    undated: pd.Series[bool] = academies["valid_from"].isna() & academies["valid_until"].isna()
    return undated


# -- how it is said --------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How outputs may call the academies that count: recognised only where a date says so.

    Attributes
    ----------
    academies, undated
        Of the register, how many count, and of how many of these it gives no date. Planned places
        are neither.
    language
        In which it is said.
    """

    academies: int
    undated: int
    language: Language

    @classmethod
    def from_academies(cls, academies: pd.DataFrame, language: Language) -> Standing:
        """Count academies; planned ones among them are left out."""
        register = academies[~academies["planned"].astype(bool)]
        return cls(len(register), int(is_undated(register).sum()), language)

    @classmethod
    def in_area(cls, study: Study, academies: pd.DataFrame, language: Language) -> Standing:
        """Count those of which municipalities have one; where there is none, those around tell.

        Parameters
        ----------
        study
            Whose area it is.
        academies
            That count.
        language
            In which it is said.
        """
        own = cls.from_academies(keep_own(study, academies), language)
        return own if own.academies else cls.from_academies(academies, language)

    @property
    def dated(self) -> bool:
        """Whether any academy has a date; where none counts at all, dates are why."""
        return not self.academies or self.undated < self.academies

    def say_on(self, date: str) -> str:
        """Say it of all academies: erkend op 31 december 2022."""
        return self._say_key("on", date=date)

    def say_one(self, date: str, *, or_planned: bool) -> str:
        """Say it behind one academy: die op 31 december 2022 erkend is."""
        return self._say_key("one", date=date, or_planned=or_planned)

    def say_many(self, date: str, *, or_planned: bool) -> str:
        """Say it behind more of them: die op 31 december 2022 erkend zijn."""
        return self._say_key("many", date=date, or_planned=or_planned)

    @property
    def some(self) -> str:
        """The adjective before academies, with its space; nothing where no date is known."""
        return self._say_key("some") if self.dated else ""

    @property
    def some_one(self) -> str:
        """The same before one of them: "minstens één erkend park"."""
        return self._say_key("some_one") if self.dated else ""

    @property
    def register(self) -> str:
        """What stands for the adjective, behind the academies; nothing where a date is known."""
        return "" if self.dated else self._say_key("register")

    @property
    def unknown(self) -> str:
        """Of how many of them no date is known, in brackets; nothing where all or none have one."""
        if not self.dated or not self.undated:
            return ""
        numbers = {"undated": say_amount(self.undated), "academies": say_amount(self.academies)}
        told = {name: number.to_text(self.language) for name, number in numbers.items()}
        return load_texts(self.language)("recognition.unknown", **told)

    def _say_key(self, key: str, *, date: str = "", or_planned: bool = False) -> str:
        words, kind = load_texts(self.language), "dated" if self.dated else "undated"
        plan = words(f"recognition.or_planned.{key}.{kind}") if or_planned else ""
        parts = {"day": date, "or_planned": plan, "unknown": self.unknown}
        return words(f"recognition.{kind}.{key}", **parts)
