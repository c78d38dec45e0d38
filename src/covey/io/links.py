"""Groups of files as folders of links, to leaf through in a file manager."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from covey.io.atomic import atomic_folder
from covey.io.file_names import safe_file_name
from covey.io.files import listed
from covey.types import Clustering, InputError, UsageError

_MARK = ".covey-groups"
"""Name of the empty file that says: Covey made this folder and may replace it."""

LinkKind = Literal["symlink", "hardlink", "copy"]
KINDS: tuple[LinkKind, ...] = ("symlink", "hardlink", "copy")
"""All kinds, the one that takes no room and shows where files are first."""

_WORDS: dict[LinkKind, str] = {
    "symlink": "symbolic links",
    "hardlink": "hard links",
    "copy": "copies",
}


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What was written.

    Attributes:
        folder: The folder.
        n_folders: Folders in it.
        n_files: Links in them, one per item.
        kind: What the links are: the first kind that the file system allows.
    """

    folder: Path
    n_folders: int
    n_files: int
    kind: LinkKind


def link_groups(
    folder: str | Path,
    clustering: Clustering,
    ids: Sequence[str] | NDArray[np.object_],
    *,
    base: str | Path = ".",
    overwrite: bool = False,
) -> LinkReport:
    """Makes one folder per cluster with a link to each of its files.

    Folders are named `cluster_00042` by label; all singletons share `singletons`, noise (label -1)
    goes to `noise`. Links are symbolic; where the system refuses them, hard links, then copies.

    Args:
        folder: What to make. Its parent must exist.
        clustering: n items.
        ids: (n,) path of each item's file, absolute or relative to `base`.
        base: Folder that relative paths start from.
        overwrite: Replace `folder`, if Covey made it.

    Returns:
        How many links of which kind.

    Raises:
        InputError: If files are missing: names the first few.
        UsageError: If `folder` exists (and `overwrite` is not set, or Covey did not make it), or
            the numbers of items and ids differ.
    """
    if len(ids) != clustering.n:
        raise UsageError(f"{len(ids)} paths were given for {clustering.n} items; give one each")
    return link_files(folder, _folder_names(clustering), find_files(ids, base), overwrite=overwrite)


def link_files(
    folder: str | Path,
    places: Sequence[str],
    files: Sequence[str],
    *,
    kinds: Sequence[LinkKind] = KINDS,
    overwrite: bool = False,
    tick: Callable[[float], None] = lambda done: None,
) -> LinkReport:
    """Makes folders of links; all of it appears, or nothing.

    A link has the name of its file, made safe; where its folder holds that name already, also in
    other case, `-2`, `-3`, ... is put before the suffix.

    Args:
        folder: What to make. Its parent must exist.
        places: (n,) name of the folder in it that each file goes to, safe as it is.
        files: (n,) absolute paths.
        kinds: What links may be: the first that the system does not refuse.
        overwrite: Replace `folder`, if Covey made it.
        tick: Called with the share done.

    Raises:
        UsageError: If `folder` exists (and `overwrite` is not set, or Covey did not make it), or
            the system refuses all of `kinds`.
    """
    folder = Path(folder)
    if overwrite:
        check_replaceable(folder)
    left = tuple(kinds)
    with atomic_folder(folder, overwrite=overwrite) as temporary:
        (temporary / _MARK).touch()
        for name in set(places):
            (temporary / name).mkdir()
        names = _link_names(places, files)
        for number, (place, name, file) in enumerate(zip(places, names, files, strict=True), 1):
            left = _link(folder, file, temporary / place / name, left)
            tick(number / len(files))
    return LinkReport(folder, len(set(places)), len(files), left[0])


def find_files(ids: Sequence[str] | NDArray[np.object_], base: str | Path) -> list[str]:
    """The absolute path of each item's file, in the order of `ids`.

    Raises:
        InputError: If files are missing: names the first few.
    """
    files = [os.path.abspath(os.path.join(base, name)) for name in ids]
    missing = [name for name, file in zip(ids, files, strict=True) if not os.path.isfile(file)]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(files)} files are not in {base}: {listed(missing)}; item ids "
            "must be paths relative to the base folder"
        )
    return files


def check_replaceable(folder: Path) -> None:
    """Refuses a folder that is there and that `link_groups` did not make.

    Raises:
        UsageError: If so.
    """
    if os.path.lexists(folder) and not (folder / _MARK).exists():
        raise UsageError(
            f"{folder}: was not made by Covey and is not replaced; choose another name"
        )


def _folder_names(clustering: Clustering) -> list[str]:
    width = max(5, len(str(clustering.n_clusters)))
    single = clustering.sizes[clustering.labels] == 1 if clustering.n_clusters else None
    return [
        "noise" if label < 0 else "singletons" if alone else f"cluster_{label:0{width}d}"
        for label, alone in zip(
            clustering.labels.tolist(),
            [False] * clustering.n if single is None else single.tolist(),
            strict=True,
        )
    ]


def _link_names(folders: Sequence[str], files: Sequence[str]) -> list[str]:
    """A name for each file that is unlike all others in its folder, also where case is ignored."""
    taken: set[tuple[str, str]] = set()
    turn: dict[tuple[str, str], int] = {}
    names = []
    for folder, file in zip(folders, files, strict=True):
        stem, suffix = safe_file_name(os.path.basename(file))
        name = stem + suffix
        wanted = (folder, name.casefold())
        while (folder, name.casefold()) in taken:
            turn[wanted] = turn.get(wanted, 1) + 1
            name = f"{stem}-{turn[wanted]}{suffix}"
        taken.add((folder, name.casefold()))
        names.append(name)
    return names


def _link(folder: Path, file: str, at: Path, kinds: tuple[LinkKind, ...]) -> tuple[LinkKind, ...]:
    """Links `at` to `file` by the first of `kinds` that works; gives that and those behind it."""
    ways: dict[LinkKind, Callable[[str, Path], object]] = {
        "symlink": os.symlink,
        "hardlink": lambda file, at: os.link(os.path.realpath(file), at),
        "copy": shutil.copy2,
    }
    for place, kind in enumerate(kinds):
        try:
            ways[kind](file, at)
        except (OSError, NotImplementedError) as error:
            if place + 1 < len(kinds):
                continue
            if kind == "copy" or getattr(error, "errno", None) == errno.ENOSPC:
                raise
            others = " or ".join(_WORDS[each] for each in KINDS if each not in kinds)
            raise UsageError(
                f"{folder}: no {_WORDS[kind]} can be made there ({error}); ask for {others}"
            ) from None
        return kinds[place:]
    raise UsageError(f"{folder}: links of no kind are asked for; allow one")
