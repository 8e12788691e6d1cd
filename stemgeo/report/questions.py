"""Which section of a text answers which literal question, and the text in their order.

A template marks its sections: `## Welke middelen zijn er? {budget}`. The study can name the
sections of a question, a template the question of a section (`{budget 2}`); else the words of the
questions decide. What no question asks for comes after; a question without a section is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.columns import fold_label
from stemgeo.report.letter import TEMPLATES, Heading, Paragraph, Run
from stemgeo.speech import join_with_and, make_printable
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stemgeo.report.letter import Block, Letter
    from stemgeo.speech import Language
    from stemgeo.study import Asked, ParliamentQuestion
    from stemgeo.texts import Texts

SECTIONS = (
    *("municipalities", "participants", "reach", "gaps", "places", "roads", "budget", "events"),
    *("years", "reported", "method", "limits"),
)
"""Those of the templates of the package; some only where there is something to say."""
_LEVEL = 2
"""Of a section's heading, where no question is above it."""


@dataclass(frozen=True)
class _Section:
    """A heading with what is below it; `key` and `number` are those of its mark."""

    key: str
    number: int
    blocks: tuple[Block, ...]


def arrange_letter(letter: Letter, asked: ParliamentQuestion | None, language: Language) -> Letter:
    """Give a text with its sections numbered, or in the order of the questions that they answer.

    Parameters
    ----------
    letter
        As its template has it. One of one's own that writes `question.questions` itself has put
        them where they belong.
    asked
        The questions; None: nobody asked any.
    language
        Of the text.

    Raises
    ------
    ResultError
        As for `answer_questions`.
    """
    if asked is None or any("question.questions" in text for text in letter.own.values()):
        return replace(letter, blocks=number_sections(letter.blocks))
    blocks, lacking = answer_questions(letter.blocks, asked, language, TEMPLATES[language])
    return replace(letter, blocks=blocks, unanswered=lacking)


def number_sections(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Number the sections that a template marks, in a text without questions."""
    found = []
    number = 0
    for block in blocks:
        if isinstance(block, Heading) and block.key:
            number += 1
            block = replace(block, text=f"{number}. {block.text}", key="")  # noqa: PLW2901
        found.append(block)
    return tuple(found)


def answer_questions(
    blocks: Sequence[Block], asked: ParliamentQuestion, language: Language, template: str
) -> tuple[tuple[Block, ...], tuple[int, ...]]:
    """Put each section below the question that it answers.

    Parameters
    ----------
    blocks
        Of the text.
    asked
        The questions.
    language
        Of the text.
    template
        What a problem is said of.

    Returns
    -------
    (tuple of Block, tuple of int)
        The text in its new order, and the numbers of the questions that no section answers.

    Raises
    ------
    ResultError
        If the study names a section that no template has, or a template a question that nobody
        asked.
    """
    head, sections = _part_sections(blocks)
    marked = [one for one in sections if one.key]
    _refuse_unknown(asked, marked, template)
    words = load_texts(language)
    chosen = _choose_sections(asked, marked, language)
    told = [*head]
    lacking = []
    for number, question in enumerate(asked.questions, start=1):
        below = [one for one in marked if chosen.get(one.key, (0,))[0] == number]
        also = [at[0] for at in chosen.values() if number in at[1:]]
        told += _write_question(question, number, asked, words)
        if also:
            elsewhere = join_with_and([str(one) for one in sorted(set(also))], words.language)
            see = "question.see_also" if below else "question.see"
            told.append(_say(words.say_count(see, len(set(also)), number=elsewhere)))
        elif not below:
            told.append(_say(words("question.unanswered"), "caution"))
            lacking.append(number)
        told += [block for one in below for block in _lower(one)]
    rest = [one for one in marked if one.key not in chosen]
    if rest:
        told.append(Heading(_LEVEL, words("question.rest")))
        told += [block for one in rest for block in _lower(one)]
    told += [block for one in sections if not one.key for block in one.blocks]
    return tuple(told), tuple(lacking)


def _part_sections(blocks: Sequence[Block]) -> tuple[list[Block], list[_Section]]:
    """Part a text into what stands above its first section, and sections."""
    starts = [
        place
        for place, one in enumerate(blocks)
        if isinstance(one, Heading) and one.level == _LEVEL
    ]
    sections = []
    for first, last in zip(starts, [*starts[1:], len(blocks)], strict=True):
        heading = blocks[first]
        assert isinstance(heading, Heading)  # noqa: S101 -- it was sought
        sections.append(_Section(heading.key, heading.asked, tuple(blocks[first:last])))
    return [*blocks[: starts[0] if starts else len(blocks)]], sections


def _refuse_unknown(asked: ParliamentQuestion, marked: Sequence[_Section], template: str) -> None:
    there = {*SECTIONS, *(one.key for one in marked)}
    for question in asked.questions:
        for key in question.sections:
            if key not in there:
                what = f"question.questions names a section '{key}', and no text has it"
                raise ResultError(Problem("study", what, f"there are: {', '.join(sorted(there))}"))
    for one in marked:
        if one.number > len(asked.questions):
            what = f"the section '{one.key}' answers question {one.number}"
            raise ResultError(
                Problem(template, what, f"the study asks {len(asked.questions)}: correct one")
            )


def _choose_sections(
    asked: ParliamentQuestion, marked: Sequence[_Section], language: Language
) -> dict[str, tuple[int, ...]]:
    """Give of each section the questions that it answers, the one below which it stands first."""
    by_study = {
        key: number for number, one in enumerate(asked.questions, start=1) for key in one.sections
    }
    tongue = load_texts(asked.language or language).list_below("question.words")
    chosen = {}
    for one in marked:
        own = by_study.get(one.key) or one.number
        # Of a question that names its sections no word is needed.
        open_ = [
            number
            for number, question in enumerate(asked.questions, start=1)
            if not question.sections and _asks_for(question, tongue.get(one.key, ""))
        ]
        if own or open_:
            chosen[one.key] = (own, *(at for at in open_ if at != own)) if own else tuple(open_)
    return chosen


def _asks_for(question: Asked, words: str) -> bool:
    """Whether one of some words, or beginnings of words, stands in a question; a point ends one."""
    text = f"_{fold_label(question.text)}_"
    told = (f"_{fold_label(word)}{'_' if word.endswith('.') else ''}" for word in words.split(", "))
    return any(one in text for one in told if one.strip("_"))


def _write_question(
    question: Asked, number: int, asked: ParliamentQuestion, words: Texts
) -> Iterator[Block]:
    one = len(asked.questions) == 1
    yield Heading(_LEVEL, words("question.one") if one else words("question.head", number=number))
    language = asked.language or str(words.language)
    for line in question.lines:
        yield Paragraph((Run(make_printable(line)),), "question", language)


def _lower(section: _Section) -> Iterator[Block]:
    """Give a section with its headings one lower."""
    for block in section.blocks:
        yield (
            replace(block, level=block.level + 1, key="") if isinstance(block, Heading) else block
        )


def _say(text: str, kind: str = "text") -> Paragraph:
    return Paragraph((Run(text),), "caution" if kind == "caution" else "text")
