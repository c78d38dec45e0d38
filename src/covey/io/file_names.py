"""Names that people gave, as names of files and folders that every system takes."""

from __future__ import annotations

import os
import re
import unicodedata

_FORBIDDEN = frozenset('/\\:*?"<>|')
_JOINERS = "\u200c\u200d"  # which letters of some scripts, and pictures of people, are joined by
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
_MOST_OF_STEM, _MOST_OF_SUFFIX = 200, 30  # bytes; file systems take 255, and a number may be added


def safe_name(text: str, *, most: int = _MOST_OF_STEM, otherwise: str = "unnamed") -> str:
    """A name as like to `text` as one can be that is safe on Linux, macOS and Windows.

    Characters that file systems refuse, that control terminals or turn the direction of writing,
    and half characters become `_`; white space becomes single spaces. Leading dots and dashes,
    which hide files or look like options, and trailing dots go. What Windows keeps for devices
    gets a `_` before it. Two texts may become one name.

    Args:
        text: Anything, `..` and the empty text too.
        most: Bytes of UTF-8.
        otherwise: The name where nothing is left.
    """
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    name = "".join("_" if _is_odd(each) else each for each in spaced).lstrip(" .-")
    name = name.encode("utf-8")[:most].decode("utf-8", "ignore").rstrip(" .")
    if not name:
        return otherwise
    if _RESERVED.fullmatch(name.split(".")[0].rstrip()):
        return f"_{name}"
    return name


def safe_file_name(name: str) -> tuple[str, str]:
    """Stem and suffix of a file's name, dot included, each made safe."""
    stem, suffix = os.path.splitext(name)
    suffix = safe_name(suffix, most=_MOST_OF_SUFFIX, otherwise="")
    return safe_name(stem), f".{suffix}" if suffix else ""


def _is_odd(character: str) -> bool:
    if character in _FORBIDDEN:
        return True
    return character not in _JOINERS and unicodedata.category(character) in ("Cc", "Cf", "Cs")
