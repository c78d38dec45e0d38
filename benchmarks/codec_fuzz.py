"""Does a damaged .cvi file ever crash the decoder, hang it, take too much, or pass as sound?

Files of small pictures are changed at random: bits, bytes put in or taken out, cut off, two files
spliced, sizes and rates that a header must not ask for, streams of noise; half of them get sums
that fit again, so that what lies behind the checks is reached. Each must end with the picture and
what is damaged, or be refused by Covey's own error.

    python benchmarks/codec_fuzz.py [--model MODEL] [--files 100000] [--seed 0]
"""

from __future__ import annotations

import argparse
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import damage
from covey.codec.container import Container, Header, TileStream, pack, unpack
from covey.codec.image.decoding import decode_picture
from covey.codec.image.encoding import encode_picture
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Picture
from covey.codec_weights import default_codec, load_codec
from covey.types import InputError
from machine import RESULTS, provenance, write_json

OUT = RESULTS / "codec_fuzz.json"
MOST_PIXELS = 2**20
_HANGS = 10.0  # seconds

Mutation = Callable[[bytes, Container, np.random.Generator], bytes]


def flip_header(data: bytes, container: Container, rng: np.random.Generator) -> bytes:
    """Bits of the header alone, whose checksum fits again."""
    streams = sum(4 * tile.ends[-1] for tile in container.tiles)
    sections = sum(map(len, container.sections.values()))
    end = len(data) - streams - sections - 4
    head = bytearray(data[:end])
    for _ in range(int(rng.integers(1, 4))):
        head[int(rng.integers(4, end))] ^= 1 << int(rng.integers(8))
    return bytes(head) + struct.pack("<I", zlib.crc32(bytes(head))) + data[end + 4 :]


def noise(data: bytes, container: Container, rng: np.random.Generator) -> bytes:
    """Streams of noise whose checksums fit, and parts that end anywhere."""
    tiles = []
    for tile in container.tiles:
        words = tile.words.copy()
        start = int(rng.integers(len(words) + 1))
        words[start:] = rng.integers(0, 2**32, len(words) - start, dtype=np.uint32)
        ends = tile.ends
        if rng.random() < 0.5:
            ends = (*sorted(rng.integers(0, len(words) + 1, 4).tolist()), len(words))
        tiles.append(TileStream(words, ends))
    return pack(Container(container.header, tiles, container.sections))


def other_header(data: bytes, container: Container, rng: np.random.Generator) -> bytes:
    """A header that asks for another picture, its checksum right."""
    header = container.header
    big = int(2 ** rng.uniform(0, 34))
    sizes = [(big, header.height), (header.width, big), (int(rng.integers(1, 200)), 3)]
    width, height = sizes[int(rng.integers(3))]
    tile = int(rng.integers(4, 9))
    made = Header(width, height, header.mark, int(rng.integers(9000)), tile, header.grey)
    boxes = min(4, max(1, len(container.tiles)))
    return pack(Container(made, container.tiles[:boxes], container.sections))


def other_weights(data: bytes, container: Container, rng: np.random.Generator) -> bytes:
    return data[:5] + rng.bytes(4) + data[9:]


def spliced(data: bytes, container: Container, rng: np.random.Generator) -> bytes:
    """A section of noise or of another length, its checksum right."""
    sections = {name: rng.bytes(int(rng.integers(0, 60))) for name in ("map", "profile", "alpha")}
    chosen = {name: sections[name] for name in sections if rng.random() < 0.5}
    return pack(Container(container.header, container.tiles, chosen))


def _plain(done: damage.Damage) -> Mutation:
    return lambda data, container, rng: done(data, rng)


MUTATIONS: dict[str, Mutation] = {
    "bits": _plain(damage.flip_bits),
    "bits of the header, checksum mended": flip_header,
    "cut off": _plain(damage.cut_off),
    "bytes taken out": _plain(damage.take_out),
    "bytes put in": _plain(damage.put_in),
    "streams of noise, checksums right": noise,
    "headers of other pictures, checksums right": other_header,
    "other weights": other_weights,
    "sections of noise, checksums right": spliced,
}
FORGED = {name for name in MUTATIONS if "right" in name or "mended" in name}
"""Made so that no checksum can tell; all others must be noticed."""


def files(codec: ImageCodec, seed: int) -> list[bytes]:
    """Small pictures of several kinds, coded."""
    rng = np.random.default_rng(seed)
    found = []
    for number, (height, width) in enumerate(((32, 32), (20, 70), (64, 40), (1, 1), (300, 40))):
        y, x = np.mgrid[:height, :width] / 7
        pixels = np.clip(
            128
            + 90 * np.sin(x[:, :, None] + y[:, :, None] * [1, 2, 3])
            + rng.normal(size=(height, width, 3)) * 9,
            0,
            255,
        ).astype(np.uint8)
        alpha = (pixels[:, :, 0] // 2) if number % 2 else None
        rate: Any = int(rng.integers(9000))
        if number == 2:
            rate = rng.integers(0, 9000, (-(-height // 32), -(-width // 32)))
        picture = Picture(pixels, alpha=alpha, profile=b"icc" * 20 * (number % 3 == 1))
        found.append(encode_picture(codec, picture, rate, tile=4).data)
    return found


def tried(codec: ImageCodec, data: bytes) -> tuple[str, Any]:
    """What became of a file: "refused", "damaged" or "sound", and its picture."""
    try:
        container = unpack(data, "it", MOST_PIXELS)
        found = decode_picture(codec, container)
    except InputError:
        return "refused", None
    return ("damaged" if found.damage else "sound"), found.picture


def same(a: Picture, b: Picture) -> bool:
    """Whether two pictures are equal in everything."""
    alpha = (a.alpha is None) == (b.alpha is None) and (
        a.alpha is None or np.array_equal(a.alpha, b.alpha)
    )
    told = (a.grey, a.profile, a.orientation) == (b.grey, b.profile, b.orientation)
    return alpha and told and np.array_equal(a.pixels, b.pixels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    codec = default_codec() if options.model is None else load_codec(options.model)
    sound = files(codec, options.seed)
    read = [unpack(data) for data in sound]
    pictures = [decode_picture(codec, each).picture for each in read]
    names = list(MUTATIONS)
    counts = {name: Counter[str]() for name in names}
    wrong: list[str] = []
    costs = damage.Costs()
    for number in range(options.files):
        rng = np.random.default_rng([options.seed, number])
        place, name = number % len(sound), names[int(rng.integers(len(names)))]
        data = MUTATIONS[name](sound[place], read[place], rng)
        try:
            (end, picture), _ = costs.of(lambda data=data: tried(codec, data))
        except Exception as error:
            end, picture = f"crash: {type(error).__name__}", None
            wrong.append(f"file {number}, {name}: {error!r}")
        if end == "sound" and name not in FORGED and not same(picture, pictures[place]):
            end = "unnoticed"
            wrong.append(f"file {number}, {name}: unnoticed")
        counts[name][end] += 1
        if number % 5000 == 4999:
            print(number + 1, dict(sum(counts.values(), Counter())), len(wrong), flush=True)
    if costs.seconds > _HANGS:
        wrong.append(f"one file took {costs.seconds:.1f} s")
    about = provenance("torch", "constriction")
    write_json(
        OUT,
        {
            **about,
            "codec": codec.mark.hex(),
            "files": options.files,
            "pixels_allowed": MOST_PIXELS,
            "longest_seconds": round(costs.seconds, 3),
            "memory_grew_mib": costs.grew,
            "results": {name: dict(counts[name]) for name in names},
            "wrong": wrong,
        },
    )
    print(len(wrong), "wrong", wrong[:5])


if __name__ == "__main__":
    main()
