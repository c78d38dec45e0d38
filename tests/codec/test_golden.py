"""Files that were written once are read alike for ever: on any threads, libraries, processors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.container import unpack  # noqa: E402
from covey.codec.image.decoding import decode_picture, read_latents  # noqa: E402
from covey.codec.image.encoding import encode_picture  # noqa: E402
from covey.codec.image.picture import Picture  # noqa: E402
from covey.codec_weights import default_codec, load_codec  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent / "golden"))

from make_golden import HERE, TINY, hashes  # noqa: E402

GOLDEN = json.loads((HERE / "golden.json").read_text())
_READ = """
import json, sys
sys.path.insert(0, {folder!r})
import torch
torch.set_num_threads({threads})
from make_golden import HERE, TINY, hashes
from covey.codec_weights import default_codec, load_codec
codecs = {{"tiny": load_codec(TINY), "image-s": default_codec()}}
torch.backends.mkldnn.set_flags({onednn})
found = {{
    name: hashes(codecs[name.rpartition("-")[0]], (HERE / name).read_bytes()) for name in {names!r}
}}
print(json.dumps(found))
"""


def _codec(name: str):
    return load_codec(TINY) if name.startswith("tiny") else default_codec()


@pytest.mark.parametrize("name", list(GOLDEN))
def test_latents(name) -> None:
    codec = _codec(name)
    data = (HERE / name).read_bytes()
    assert hashes(codec, data) == GOLDEN[name]
    decoded = decode_picture(codec, unpack(data))
    assert not decoded.damage


@pytest.mark.parametrize(("threads", "onednn"), [(1, True), (1, False), (2, True), (2, False)])
def test_in_a_process_of_its_own(threads, onednn) -> None:
    script = _READ.format(folder=str(HERE), threads=threads, onednn=onednn, names=sorted(GOLDEN))
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == GOLDEN


def test_on_an_accelerator() -> None:
    """Integers of the network are the same where a GPU computes them."""
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    foresight = default_codec().foresight
    a = torch.randint(-127, 128, (1, 64, 8, 8)).float()
    layer = foresight.layers["enter"]
    np.testing.assert_array_equal(layer(a, 77).numpy(), layer(a.cuda(), 77).cpu().numpy())


_ENCODE = """
import sys
import numpy as np, torch
torch.set_num_threads(2)
from covey.codec.image.encoding import encode_picture
from covey.codec.image.picture import Picture
from covey.codec_weights import default_codec
codec, pixels = default_codec(), np.load(sys.argv[1])
found = encode_picture(codec, Picture(pixels), 5000, threads=2)
open(sys.argv[2], "wb").write(found.data)
np.save(sys.argv[3], np.concatenate([each.latents.ravel() for each in found.tiles]))
"""


def test_what_one_process_writes_another_reads(tmp_path, smooth) -> None:
    """Latents to the bit, pixels to one level, whatever the number of threads."""
    pixels = smooth(530, 410)
    np.save(tmp_path / "pixels.npy", pixels)
    names = [str(tmp_path / name) for name in ("pixels.npy", "it.cvi", "latents.npy")]
    subprocess.run([sys.executable, "-c", _ENCODE, *names], check=True)
    codec = default_codec()
    container = unpack(Path(names[1]).read_bytes())
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        read = read_latents(codec, container, container.header.rate)
        one = decode_picture(codec, container, threads=1).picture.pixels
        torch.backends.mkldnn.set_flags(False)
        two = decode_picture(codec, container, threads=2).picture.pixels
    finally:
        torch.backends.mkldnn.set_flags(True)
        torch.set_num_threads(before)
    told = np.concatenate(
        [(read.latents[:, *box] * 16).astype(np.int32).ravel() for box in container.header.boxes]
    )
    np.testing.assert_array_equal(told, np.load(names[2]))
    assert np.abs(one.astype(int) - two).max() <= 1


def test_words_are_those_of_the_same_latents(smooth) -> None:
    """Where encoders agree on latents they agree on bytes."""
    codec = load_codec(TINY)
    files = {encode_picture(codec, Picture(smooth(64, 64)), 3000).data for _ in range(3)}
    assert len(files) == 1
