"""What `covey info` may be asked about beside embeddings: models, codecs, coded files, projects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path
from typing import Any

from covey.cli.model_option import DEFAULT

_A_FOLDER, _A_FILE = "a folder", "a coded file"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer.

    Attributes:
        sentences: In words.
        model: Facts of the model or codec that it is about; None where there is none to tell of.
        more: Other facts.
    """

    sentences: list[str]
    model: dict[str, Any] | None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to ask about.

    Attributes:
        what: It is, in words.
        tell: Gives the answer.
    """

    what: str
    tell: Callable[[], Told]


def subject_of(path: Path) -> Subject | None:
    """What stands at a path; None where it may be embeddings.

    Raises:
        InputError: If it is the folder of a model that cannot be read.
    """
    from covey.hub import codec_kind
    from covey.store.project import FACTS
    from covey.weight_names import VIDEO_KIND

    if not path.is_dir():
        if path.suffix.lower() == ".cvv":
            return Subject(_A_FILE, lambda: _clip(path))
        if path.suffix.lower() == ".cvi":
            return Subject(_A_FILE, lambda: _picture(path))
        if str(path) == DEFAULT and not path.exists():
            return Subject("a model", lambda: _model(path))
        return None
    if (path / FACTS).is_file():
        return Subject("a project", lambda: _project(path))
    kind = codec_kind(path)
    if kind is None:
        return Subject(_A_FOLDER, lambda: _model(path))
    return Subject(_A_FOLDER, lambda: (_video_codec if kind == VIDEO_KIND else _codec)(path))


def _project(path: Path) -> Told:
    from covey.cli.project_words import project_sentences
    from covey.store.overview import project_facts
    from covey.store.review import Review

    with Review(path) as review:
        facts = project_facts(review) | {"path": str(path)}
    return Told(project_sentences(facts), None, {"project": facts})


def _model(path: Path) -> Told:
    from covey.cli.model_words import model_sentences
    from covey.hub import default_model, load_model
    from covey.io.model_facts import model_facts

    model = load_model(path) if path.is_dir() else default_model()
    return Told(model_sentences(str(path), model), model_facts(model) | {"path": str(path)})


def _codec(path: Path) -> Told:
    from covey.cli.codec_words import codec_sentences
    from covey.cli.coding_jobs import codec_of
    from covey.io.codec_facts import codec_facts

    facts = codec_facts(codec_of(path)) | {"path": str(path)}
    return Told(codec_sentences(str(path), facts), facts)


def _video_codec(path: Path) -> Told:
    from covey.cli.compress_video import video_codec_of
    from covey.cli.video_words import video_codec_sentences
    from covey.io.video_facts import video_codec_facts

    facts = video_codec_facts(video_codec_of(path)) | {"path": str(path)}
    return Told(video_codec_sentences(str(path), facts), facts)


def _picture(path: Path) -> Told:
    """Of the codec as much as is known: it is not needed to look at a file, nor is PyTorch."""
    from covey.cli.codec_words import picture_sentences
    from covey.io.codec_facts import codec_facts, picture_facts
    from covey.io.files import reading

    with reading(path):
        facts = picture_facts(path.read_bytes(), str(path))
    shipped = None
    if all(util.find_spec(library) for library in ("torch", "constriction")):
        from covey.codec_weights import default_codec

        shipped = codec_facts(default_codec())
    own = shipped if shipped is not None and shipped["mark"] == facts["codec"] else None
    more = {"picture": facts | {"path": str(path)}}
    return Told(picture_sentences(str(path), facts), own, more)


def _clip(path: Path) -> Told:
    from covey.cli.video_words import clip_sentences
    from covey.extras import require

    for library in ("torch", "constriction"):
        require(library, "codec")
    from covey.io.video_facts import clip_facts, video_codec_facts
    from covey.video_weights import default_video_codec

    facts = clip_facts(path)
    shipped = video_codec_facts(default_video_codec())
    own = shipped if shipped["mark"] == facts["codec"] else None
    return Told(clip_sentences(str(path), facts), own, {"clip": facts | {"path": str(path)}})
