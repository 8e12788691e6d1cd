"""What the blocks of a PBF hold, millions of objects, without an object or a text for each.

A block has a table of texts and groups of objects that name these by their number
(https://wiki.openstreetmap.org/wiki/PBF_Format). Where nodes lie is written straight to its place;
of ways come their nodes and the tags that are asked for. What is not plain raises an `IndexError`,
as does what lies outside a block: osmium then reads the file, and says what is wrong with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Span = tuple[int, int]
    Spans = list[tuple[int, int]]

NOWHERE = 2**31 - 1
"""Where a node lies that has no place; else whole numbers of the seventh decimal of a degree."""

_LONGEST = 1024
"""Bytes of a text beyond which osmium refuses it."""

_MOST_WRITTEN = 1 << 27
"""Bytes of tags of one block beyond which it is none that anyone made in earnest."""

# A field's number and the way it is written, in one.
_TEXTS, _GROUP, _TEXT = 0x0A, 0x12, 0x0A
_GRANULARITY, _NORTH, _EAST = 0x88, 0x98, 0xA0
_PLAIN_NODE, _DENSE_NODES, _WAY = 0x0A, 0x12, 0x1A
_DENSE_IDS, _DENSE_ABOUT, _DENSE_LAT, _DENSE_LON, _DENSE_TAGS = 0x0A, 0x2A, 0x42, 0x4A, 0x52
_DENSE_VISIBLE = 0x32
_WAY_ID, _WAY_KEYS, _WAY_VALUES, _WAY_REFS = 0x08, 0x12, 0x1A, 0x42
_OF_WAY = (1, 2, 3, 8, 9, 10)

NO_ID = -(2**63)
"""The first and the last id of a block that has none."""

_kernel = njit(cache=True, nogil=True, boundscheck=True)
_inner = njit(cache=True, nogil=True, boundscheck=True, forceinline=True)


class TagsAsked(NamedTuple):
    """Which objects are meant, and which of their tags are wanted, as arrays for kernels.

    Attributes
    ----------
    words
        The keys, and the values that matter, by their length.
    letters, begins, of_length
        The bytes of all words, where each begins, and which word is the first of each length.
    wanted
        Whether tags with a word as their key are wanted, shape (words,).
    means
        Whether a word as a key makes an object be meant, whatever its value: column 0; and with
        each word as its value: the column behind that word's; shape (words, 1 + words).
    """

    words: list[str]
    letters: Bytes
    begins: Longs
    of_length: Longs
    wanted: Bools
    means: Bools

    @classmethod
    def from_tags(cls, having: Collection[str], keys: Collection[str]) -> TagsAsked:
        """Ask for `keys` of what has one of the keys, or `key=value`, in `having`."""
        pairs = [one.partition("=") for one in having]
        words = sorted(
            {*keys, *(word for one in pairs for word in one[::2])}, key=lambda w: (len(w), w)
        )
        number = {word: at for at, word in enumerate(words)}
        sizes = np.array([len(word) for word in words], dtype=np.int64)
        means = np.zeros((len(words), 1 + len(words)), dtype=np.bool_)
        for key, given, value in pairs:
            means[number[key], 1 + number[value] if given else 0] = True
        return cls(
            words,
            np.array(list("".join(words).encode("ascii")), dtype=np.uint8),
            np.append(0, np.cumsum(sizes)),
            np.searchsorted(sizes, np.arange(sizes.max(initial=0) + 2)).astype(np.int64),
            np.array([word in keys for word in words], dtype=np.bool_),
            means,
        )

    @property
    def of_keys(self) -> tuple[Bytes, Longs, Longs, Bools]:
        """What kernels need to know the keys that are wanted."""
        return self.letters, self.begins, self.of_length, self.wanted

    def read_tags(self, packed: bytes) -> dict[str, str]:
        """Read what `_spell_tags` wrote of an object.

        Raises
        ------
        UnicodeDecodeError
            If a text is none.
        """
        tags, at = {}, 0
        while at < len(packed):
            word, size = packed[at] + 256 * packed[at + 1], packed[at + 2] + 256 * packed[at + 3]
            tags[self.words[word]] = packed[at + 4 : at + 4 + size].decode()
            at += 4 + size
        return tags


# --- Messages ----------------------------------------------------------------------------------


@_kernel
def _no_numbers() -> list[int]:
    """Give a list of numbers that has none yet."""
    return [0 for _ in range(0)]


@_inner
def _read_number(data: Bytes, at: int) -> tuple[int, int]:
    """Read a number of seven bits a byte; give where it ends too."""
    number = np.uint64(0)
    for shift in range(0, 64, 7):
        byte = data[at]
        at += 1
        number |= np.uint64(byte & 127) << np.uint64(shift)
        if byte < 128:
            return int(np.int64(number)), at
    raise IndexError


@_inner
def _read_signed(data: Bytes, at: int) -> tuple[int, int]:
    """Read a number of which the last bit is the sign."""
    number, at = _read_number(data, at)
    return int(np.int64(np.uint64(number) >> np.uint64(1))) ^ -(number & 1), at


@_inner
def _read_place(data: Bytes, at: int, count: int) -> tuple[int, int]:
    """Read the place of one of so many texts."""
    number, at = _read_number(data, at)
    if not 0 <= number < count:  # one below 0 would count from the end
        raise IndexError
    return number, at


@_inner
def _read_field(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Read a field of a message: its name, its number or where it begins, and where it ends."""
    name, value = _read_number(data, at)
    kind = name & 7
    if kind == 0:
        value, stop = _read_number(data, value)
    elif kind == 2:
        size, value = _read_number(data, value)
        stop = value + size
    elif kind == 1:
        stop = value + 8
    elif kind == 5:
        stop = value + 4
    else:
        raise IndexError
    if not (at < stop <= end and 8 <= name < 1 << 14):
        raise IndexError
    return name, value, stop


@_kernel
def _list_fields(data: Bytes, at: int, end: int, wanted: int) -> Spans:
    """List where the fields of a name begin and end in a message."""
    found = [(at, at) for _ in range(0)]
    while at < end:
        name, value, at = _read_field(data, at, end)
        if name == wanted:
            found.append((value, at))
        elif name >> 3 == wanted >> 3:  # its field, written in another way
            raise IndexError
    return found


@_kernel
def _list_alone(data: Bytes, at: int, end: int, wanted: int) -> Spans:
    """List where the objects of a kind lie in a group, which then has no other."""
    found = _list_fields(data, at, end, wanted)
    fields = 0
    while at < end:
        _, _, at = _read_field(data, at, end)
        fields += 1
    if found and fields > len(found):
        raise IndexError
    return found


@_kernel
def _find_field(data: Bytes, at: int, end: int, wanted: int) -> Span:
    """Find the one field of a name in a message; empty without it."""
    found = _list_fields(data, at, end, wanted)
    if len(found) > 1:
        raise IndexError
    return found[0] if found else (at, at)


@_kernel
def _find_number(data: Bytes, wanted: int, otherwise: int) -> int:
    """Find a number that a block says of itself."""
    found = _list_fields(data, 0, len(data), wanted)
    return found[-1][0] if found else otherwise


# --- Texts -------------------------------------------------------------------------------------


@_kernel
def _list_texts(data: Bytes) -> Spans:
    """List where the texts of a block lie."""
    table = _find_field(data, 0, len(data), _TEXTS)
    texts = _list_fields(data, table[0], table[1], _TEXT)
    for begin, end in texts:
        if end - begin > _LONGEST:
            raise IndexError
        _check_text(data, begin, end)
    return texts


@_kernel
def _check_text(data: Bytes, begin: int, end: int) -> None:
    """Check that a text is whole letters; what comes of another, or of nought, osmium knows."""
    more = 0
    for at in range(begin, end):
        byte = data[at]
        if (byte & 0xC0 == 0x80) != (more > 0) or byte == 0 or byte > 0xF4:
            raise IndexError
        more = more - 1 if more else (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)
    if more:
        raise IndexError


@_kernel
def _recognise(data: Bytes, texts: Spans, letters: Bytes, begins: Longs, of_length: Longs) -> Longs:
    """Say which word each text is, -1: none that matters."""
    word_of = np.full(len(texts), -1, dtype=np.int64)
    for number in range(len(texts)):
        begin, end = texts[number]
        size = end - begin
        if size + 1 >= len(of_length):
            continue
        for word in range(of_length[size], of_length[size + 1]):
            same = True
            for at in range(size):
                if data[begin + at] != letters[begins[word] + at]:
                    same = False
                    break
            if same:
                word_of[number] = word
                break
    return word_of


@_kernel
def _spell_tags(
    data: Bytes,
    texts: Spans,
    word_of: Longs,
    owner: list[int],
    keys: list[int],
    values: list[int],
) -> tuple[Longs, Bytes, Ints]:
    """Write the tags of each object: word of the key, bytes of the value, and the value itself.

    Both numbers take two bytes. Give the objects that have tags, the bytes, and which are whose.
    """
    size = 0
    for value in values:
        size += 4 + texts[value][1] - texts[value][0]
    if size > _MOST_WRITTEN:
        raise IndexError
    written, at = np.empty(size, dtype=np.uint8), 0
    objects, begins = _no_numbers(), _no_numbers()
    for tag in range(len(owner)):
        if tag == 0 or owner[tag] != owner[tag - 1]:
            objects.append(owner[tag])
            begins.append(at)
        begin, end = texts[values[tag]]
        for number in (word_of[keys[tag]], end - begin):
            written[at], written[at + 1] = number & 255, number >> 8
            at += 2
        for letter in range(begin, end):
            written[at] = data[letter]
            at += 1
    begins.append(at)
    return np.array(objects, dtype=np.int64), written, np.array(begins, dtype=np.int32)


# --- Nodes -------------------------------------------------------------------------------------


@_kernel
def place_nodes(
    data: Bytes, ids: Longs, places: Ints, words: tuple[Bytes, Longs, Longs, Bools]
) -> tuple[int, int, Longs, Bytes, Ints]:
    """Write where the nodes of a block lie that are wanted.

    Parameters
    ----------
    data
        The block.
    ids
        Of the nodes that are wanted, rising.
    places
        Longitude and latitude of each of these, shape (2, ids); written to.
    words
        letters, begins, of_length and wanted of what is `TagsAsked`.

    Returns
    -------
    tuple
        The first and the last id in the block, between which they rise; which of the nodes that
        are wanted have tags that are, and these tags as `_spell_tags` has them.
    """
    texts = _list_texts(data)
    word_of = _recognise(data, texts, words[0], words[1], words[2])
    wanted_key = np.array([word >= 0 and words[3][word] for word in word_of], dtype=np.bool_)
    scale = (
        _find_number(data, _GRANULARITY, 100),
        _find_number(data, _EAST, 0),
        _find_number(data, _NORTH, 0),
    )
    if not 0 < scale[0] < 1 << 31:
        raise IndexError
    lowest, last = NO_ID, NO_ID
    nodes, tags = _no_numbers(), (_no_numbers(), _no_numbers(), _no_numbers())
    for begin, end in _list_fields(data, 0, len(data), _GROUP):
        if len(_list_fields(data, begin, end, _PLAIN_NODE)):
            raise IndexError
        for dense in _list_alone(data, begin, end, _DENSE_NODES):
            first, last = _place_dense(data, dense, scale, last, ids, places, nodes)
            lowest = first if lowest == NO_ID else lowest
            _list_node_tags(data, dense, nodes, wanted_key, tags)
            nodes.clear()
    rows, written, begins = _spell_tags(data, texts, word_of, *tags)
    return lowest, last, rows, written, begins


@_kernel
def _place_dense(
    data: Bytes,
    dense: Span,
    scale: tuple[int, int, int],
    last: int,
    ids: Longs,
    places: Ints,
    nodes: list[int],
) -> tuple[int, int]:
    """Write where nodes lie that are packed together, and list the place of each in `ids`.

    Give the first id and the last; they must rise from the last before them.
    """
    about = _find_field(data, dense[0], dense[1], _DENSE_ABOUT)
    if len(_list_fields(data, about[0], about[1], _DENSE_VISIBLE)):
        raise IndexError
    at, end = _find_field(data, dense[0], dense[1], _DENSE_IDS)
    at_lat, end_lat = _find_field(data, dense[0], dense[1], _DENSE_LAT)
    at_lon, end_lon = _find_field(data, dense[0], dense[1], _DENSE_LON)
    node, lat, lon = 0, 0, 0
    first, place = NO_ID, 0
    while at < end:
        step, at = _read_signed(data, at)
        north, at_lat = _read_signed(data, at_lat)
        east, at_lon = _read_signed(data, at_lon)
        node, lat, lon = node + step, lat + north, lon + east
        if node <= last:
            raise IndexError
        if first == NO_ID:
            first, place = node, int(np.searchsorted(ids, node))
        while place < len(ids) and ids[place] < node:
            place += 1
        last = node
        if place < len(ids) and ids[place] == node:
            places[0, place] = _scale(lon, scale[0], scale[1])
            places[1, place] = _scale(lat, scale[0], scale[2])
            nodes.append(place)
        else:
            nodes.append(-1)
    if at != end or at_lat != end_lat or at_lon != end_lon:
        raise IndexError
    return first, last


@_kernel
def _scale(number: int, granularity: int, offset: int) -> int:
    """Give a coordinate as osmium has it, of billionths of a degree; towards nought."""
    nano = number * granularity + offset
    return nano // 100 if nano >= 0 else -(-nano // 100)


@_kernel
def _list_node_tags(
    data: Bytes,
    dense: Span,
    nodes: list[int],
    wanted_key: Bools,
    tags: tuple[list[int], list[int], list[int]],
) -> None:
    """List the tags that are wanted of those nodes that are: whose they are, and their texts."""
    at, end = _find_field(data, dense[0], dense[1], _DENSE_TAGS)
    if at == end:
        return
    for node in nodes:
        while True:
            key, at = _read_place(data, at, len(wanted_key))
            if key == 0:
                break
            value, at = _read_place(data, at, len(wanted_key))
            if wanted_key[key] and node >= 0:
                tags[0].append(node)
                tags[1].append(key)
                tags[2].append(value)
    if at != end:
        raise IndexError


# --- Ways --------------------------------------------------------------------------------------


@_kernel
def take_ways(
    data: Bytes, words: tuple[Bytes, Longs, Longs, Bools], means: Bools
) -> tuple[int, int, Longs, Longs, Longs, Longs, Bytes, Ints]:
    """Take the ways of a block that are meant.

    Parameters
    ----------
    data
        The block.
    words, means
        letters, begins, of_length and wanted, and means, of what is `TagsAsked`.

    Returns
    -------
    tuple
        The first and the last id in the block, between which they rise; ids, how many nodes each
        has, and the nodes; and of the ways that have tags that are wanted which they are, and
        these tags, as `_spell_tags` has them.
    """
    texts = _list_texts(data)
    word_of = _recognise(data, texts, words[0], words[1], words[2])
    wanted_key = np.array([word >= 0 and words[3][word] for word in word_of], dtype=np.bool_)
    lowest, last = NO_ID, NO_ID
    ids, sizes, refs = _no_numbers(), _no_numbers(), _no_numbers()
    tags = _no_numbers(), _no_numbers(), _no_numbers()
    for begin, end in _list_fields(data, 0, len(data), _GROUP):
        for way in _list_alone(data, begin, end, _WAY):
            number, own_keys, own_values, own_refs = _look_at_way(data, way)
            if number <= last:
                raise IndexError
            lowest, last = number if lowest == NO_ID else lowest, number
            if not _is_meant(data, own_keys, own_values, word_of, means):
                continue
            _list_way_tags(data, *own_keys, own_values[0], len(ids), wanted_key, tags)
            ids.append(number)
            sizes.append(_list_refs(data, own_refs, refs))
    return (
        lowest,
        last,
        np.array(ids, dtype=np.int64),
        np.array(sizes, dtype=np.int64),
        np.array(refs, dtype=np.int64),
        *_spell_tags(data, texts, word_of, *tags),
    )


@_kernel
def _look_at_way(data: Bytes, way: Span) -> tuple[int, Span, Span, Span]:
    """Give the id of a way, and where its keys, its values and its nodes lie."""
    at, end = way
    number, keys, values, refs = 0, (end, end), (end, end), (end, end)
    while at < end:
        name, value, at = _read_field(data, at, end)
        if name == _WAY_ID:
            number = value
        elif name == _WAY_KEYS and keys[0] == end:
            keys = (value, at)
        elif name == _WAY_VALUES and values[0] == end:
            values = (value, at)
        elif name == _WAY_REFS and refs[0] == end:
            refs = (value, at)
        elif name >> 3 in _OF_WAY:  # there twice, written in another way, or where its nodes lie
            raise IndexError
    return number, keys, values, refs


@_kernel
def _is_meant(data: Bytes, keys: Span, values: Span, word_of: Longs, means: Bools) -> bool:
    """Say whether the tags of an object make it be meant."""
    at, at_value = keys[0], values[0]
    meant = False
    while at < keys[1]:
        key, at = _read_place(data, at, len(word_of))
        value, at_value = _read_place(data, at_value, len(word_of))
        word = word_of[key]
        if word >= 0:
            meant |= means[word, 0] or means[word, 1 + word_of[value]]
    if at != keys[1] or at_value != values[1]:
        raise IndexError
    return meant


@_kernel
def _list_way_tags(
    data: Bytes,
    at: int,
    end: int,
    at_value: int,
    way: int,
    wanted_key: Bools,
    tags: tuple[list[int], list[int], list[int]],
) -> None:
    """List the tags of a way that are wanted: whose they are, and their texts."""
    while at < end:
        key, at = _read_number(data, at)
        value, at_value = _read_number(data, at_value)
        if wanted_key[key]:
            tags[0].append(way)
            tags[1].append(key)
            tags[2].append(value)


@_kernel
def _list_refs(data: Bytes, span: Span, refs: list[int]) -> int:
    """List the nodes of a way; say how many there are."""
    at, end = span
    ref, count = 0, 0
    while at < end:
        step, at = _read_signed(data, at)
        ref += step
        refs.append(ref)
        count += 1
    if at != end:
        raise IndexError
    return count
