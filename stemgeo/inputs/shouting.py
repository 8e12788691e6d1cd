"""Names of places that files give in capitals, as people write them."""

from __future__ import annotations

import re

_SMALL = re.compile(
    "aan|achter|bij|boven|de|den|der|en|het|in|met|naar|onder|op|over|te|ten|ter|tot|tussen|uit|"
    "van|voor|zonder|bew|bewoning|verspr|verspreide|"
    "a|au|aux|des|du|et|la|le|les|lez|sous|sur|disp|dispersees|hab|habitations"
)
"""Words that keep no capital inside a name, Dutch and French, with Statbel's abbreviations."""

_INITIALS = re.compile("BN|KUL|NMBS|SNCB|STEM|UA|UIA|ULB|UZ|VUB")
_WORD = re.compile(r"[^\W\d_]+")
_BEGINS = re.compile(r"(?:^|\s-\s*|[(/,;:]\s*)['’]?$")
_ROMAN = re.compile(r"[IVX]{2,}|X")


def write_as_people_do(name: str) -> str:
    """Write a name that is all capitals with small letters: Hemiksem - Terlo, 's-Gravenwezel.

    One that has a small letter is as someone wrote it, and stays. Numbered roads, initials and
    the numbers of popes keep their capitals, and so does a lone short word, a code as may be.
    """
    if name.upper() != name or re.fullmatch(r"\W*\w{1,3}\W*", name):
        return name
    return _WORD.sub(lambda found: _write_word(found, name), name)


def _write_word(found: re.Match[str], name: str) -> str:
    word, before, after = found[0], name[: found.start()], name[found.end() :]
    lower, begins = word.lower(), _BEGINS.search(before) is not None
    if (
        (before[-1:] + after[:1]).strip().isdigit()
        or (len(word) == 1 and after[:1] == ".")
        or _INITIALS.fullmatch(word)
        or _ROMAN.fullmatch(word)
    ):
        return word
    if before[-1:] in ("'", "’") and len(word) == 1:  # 's and 't, even where a name begins
        return lower
    elided = after[:1] in ("'", "’") and lower in ("d", "l")
    if not begins and (elided or _SMALL.fullmatch(lower)):
        return lower
    return "IJ" + lower[2:] if lower.startswith("ij") else lower.capitalize()
