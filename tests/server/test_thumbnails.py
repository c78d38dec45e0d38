"""Pictures of items, small and large."""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from pathlib import Path

import pytest
from PIL import Image

from covey.server.app import make_app
from covey.store.moved_pictures import find_moved
from covey.store.review import Review

from .conftest import TOKEN, Client, made


def test_thumbnails(client: Client, review: Review, project: Path) -> None:
    for size, wanted in ((160, (160, 96)), (640, (500, 300))):
        answer = client("GET", f"/v1/items/0/thumbnail?size={size}")
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert Image.open(io.BytesIO(answer.content)).size == wanted
    (project.parent / "pictures" / "a.png").unlink()  # made once
    again = client("GET", "/v1/items/0/thumbnail?size=640")
    assert again.content == answer.content
    broken = client("GET", "/v1/items/1/thumbnail")
    assert broken.status_code == 404
    assert "b.png, cannot be read" in broken.json()["detail"]
    assert client("GET", "/v1/items/2/thumbnail").status_code == 404


def test_pictures_of_two_projects_on_one_port_do_not_mix(client: Client, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with Review(made(tmp_path / "other" / "project")) as review:
        Image.new("RGB", (9, 5), (1, 2, 3)).save(tmp_path / "other" / "pictures" / "a.png")
        first = client("GET", "/v1/items/0/thumbnail")
        other = Client(make_app(review, TOKEN))
        seen = {"If-None-Match": first.headers["etag"]}
        again = client("GET", "/v1/items/0/thumbnail", headers=seen)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        answer = other("GET", "/v1/items/0/thumbnail", headers=seen)
        assert answer.status_code == 200
        assert Image.open(io.BytesIO(answer.content)).size == (9, 5)


def test_pictures_that_are_gone_and_found_again(review: Review, project: Path) -> None:
    pictures, now = project.parent / "pictures", project.parent / "elsewhere"
    pictures.rename(now)
    client = Client(make_app(review, TOKEN))
    answer = client("GET", "/v1/items/0/thumbnail")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()["detail"]
    assert all(word in told for word in ("item 0", "Item 00", "a.png", "--images"))
    assert str(project.parent) not in told
    client = Client(make_app(review, TOKEN, find_moved(review.items.pictures, now)))
    answer = client("GET", "/v1/items/0/thumbnail")
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).size == (160, 96)


@pytest.mark.parametrize(
    ("picture", "mode"),
    [
        (Image.new("L", (9, 5), 77), "RGB"),
        (Image.new("I;16", (9, 5), 60000), "RGB"),
        (Image.new("RGBA", (9, 5), (1, 2, 3, 0)), "RGBA"),
        (Image.new("P", (9, 5)), "RGB"),
    ],
)
def test_pictures_of_other_kinds(
    client: Client, project: Path, picture: Image.Image, mode: str
) -> None:
    picture.save(project.parent / "pictures" / "a.png")
    small = Image.open(io.BytesIO(client("GET", "/v1/items/0/thumbnail").content))
    assert (small.size, small.mode) == ((9, 5), mode)


def test_turned_pictures_are_upright(client: Client, project: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (90, 50)).save(project.parent / "pictures" / "a.png", exif=exif)
    small = Image.open(io.BytesIO(client("GET", "/v1/items/0/thumbnail").content))
    assert small.size == (50, 90)


@pytest.mark.skipif(os.name == "nt", reason="no pipes with names")
def test_a_pipe_is_not_waited_for(client: Client, project: Path) -> None:
    path = project.parent / "pictures" / "a.png"
    path.unlink()
    os.mkfifo(path)
    told: list[str] = []

    def ask() -> None:
        told.append(client("GET", "/v1/items/0/thumbnail").json()["detail"])

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(20)
    assert told
    assert "no regular file" in told[0]


@pytest.mark.parametrize("to", ["/dev/zero", "/dev/null", ".", "a.png"])
def test_what_is_no_file_is_no_picture(client: Client, project: Path, to: str) -> None:
    path = project.parent / "pictures" / "a.png"
    path.unlink()
    path.symlink_to(to)
    answer = client("GET", "/v1/items/0/thumbnail")
    assert answer.status_code == 404
    assert "a.png, cannot be read" in answer.json()["detail"]


@pytest.mark.parametrize(
    "text", ["<svg xmlns='http://www.w3.org/2000/svg'/>", "<html></html>", "%!PS"]
)
def test_what_is_written_is_no_picture(client: Client, project: Path, text: str) -> None:
    (project.parent / "pictures" / "a.png").write_text(text)
    answer = client("GET", "/v1/items/0/thumbnail")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_picture_of_far_too_many_pixels(client: Client, project: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    (project.parent / "pictures" / "a.png").write_bytes(bomb + chunk(b"IEND", b""))
    answer = client("GET", "/v1/items/0/thumbnail")
    assert answer.status_code == 404
    assert "pixels" in answer.json()["detail"]


def test_links_among_what_is_kept_lead_nowhere(client: Client, project: Path) -> None:
    good = client("GET", "/v1/items/0/thumbnail").content
    kept = project / "thumbnails" / "160" / "000000" / "0.webp"
    secret = project.parent / "secret"
    secret.write_text("secret")
    kept.unlink()
    kept.symlink_to(secret)
    assert client("GET", "/v1/items/0/thumbnail").content == good
    assert secret.read_text() == "secret"
    kept.unlink()
    kept.symlink_to(project.parent / "not there")
    assert client("GET", "/v1/items/0/thumbnail").content == good
    assert not (project.parent / "not there").exists()
    kept.write_bytes(b"")  # by a disk that was full
    assert client("GET", "/v1/items/0/thumbnail").content == good
    assert kept.read_bytes() == good
