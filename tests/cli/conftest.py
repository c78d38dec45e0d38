"""The command line, run inside this process or as one of its own."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from covey.cli import exits
from covey.io.video_source import Frame
from covey.io.videos_out import write_video
from covey.vectors import as_rows


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    def refused(self, code: int, *words: str) -> None:
        """One line on stderr with these words, nothing on stdout, this exit code."""
        assert (self.code, self.out) == (code, ""), self
        stage = re.compile(r"covey: .* \(\d+ s\)\n")  # told where the machine is slow
        told = [line for line in self.err.splitlines(keepends=True) if not stage.fullmatch(line)]
        assert len(told) == 1, self.err
        assert told[0].startswith("covey: ")
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err


Covey = Callable[..., Ran]


@pytest.fixture
def covey(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Covey:
    """Runs `covey` with these arguments in the temporary folder, inside this process."""
    monkeypatch.chdir(tmp_path)

    def here(*arguments: object) -> Ran:
        capfd.readouterr()
        code = exits.run([str(argument) for argument in arguments])
        return Ran(code, *capfd.readouterr())

    return here


@pytest.fixture
def run(covey: Covey) -> Covey:
    """Runs a command that must end with a code, 0 if not told otherwise."""

    def call(*arguments: object, code: int = 0) -> Ran:
        done = covey(*arguments)
        assert done.code == code, done
        return done

    return call


@pytest.fixture
def covey_process(tmp_path: Path) -> Covey:
    """The same as a process of its own, as users run it; takes a second longer."""

    def beside(*arguments: object) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "covey", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=dict(os.environ, NUMBA_NUM_THREADS="2"),
            timeout=300,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return beside


@pytest.fixture
def started(tmp_path: Path) -> Callable[[Sequence[object]], subprocess.Popen[str]]:
    """Begins a command in a process that Ctrl-C reaches, even of a test in the background."""

    def begin(command: Sequence[object]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "covey", *map(str, command)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ, OMP_NUM_THREADS="1"),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    return begin


@pytest.fixture
def blobs(tmp_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """400 items in 20 tight groups, saved as x.npy and y.npy in the temporary folder."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 20, 400)
    x = rng.standard_normal((20, 32))[labels] + 0.15 * rng.standard_normal((400, 32))
    x = x.astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", labels)
    return x, labels


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    """400 item ids, saved one per line as ids.txt."""
    found = [f"photo_{i:03d}.png" for i in range(400)]
    (tmp_path / "ids.txt").write_text("\n".join(found) + "\n")
    return found


@pytest.fixture
def nine(hidden, tmp_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Ninety unit rows in nine groups, saved as x.npy and y.npy in the temporary folder."""
    x, labels = hidden(90, 9)
    x = as_rows(x)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", labels)
    return x, labels


@pytest.fixture(scope="session")
def wave_frames() -> Callable[..., list[Frame]]:
    """`wave_frames(count, width, height)`: three colours that move apart."""

    def make(count: int, width: int = 64, height: int = 48) -> list[Frame]:
        y, x = np.mgrid[:height, :width] / 6.0
        found = []
        for n in range(count):
            waves = np.stack([np.sin(x * a + y + n / 3) for a in (1, 2, 3)], -1)
            found.append((n, np.clip(128 + 90 * waves, 0, 255).astype(np.uint8)))
        return found

    return make


@pytest.fixture(scope="session")
def film(wave_frames) -> Callable[..., None]:
    """`film(path, count, width, height, audio)`: writes `wave_frames`, 25 a second."""

    def write(
        path: Path,
        count: int = 12,
        width: int = 64,
        height: int = 48,
        audio: IO[bytes] | None = None,
    ) -> None:
        write_video(
            path,
            iter(wave_frames(count, width, height)),
            time_base=Fraction(1, 25),
            frame_rate=Fraction(25),
            size=(width, height),
            audio=audio,
        )

    return write


@pytest.fixture(scope="session")
def codec_model(small_codec, tmp_path_factory) -> str:
    """A folder with a small codec of random weights."""
    from covey.io.codec_folder import write_codec

    folder = tmp_path_factory.mktemp("codec") / "m"
    write_codec(folder, small_codec, "covey train codec")
    return str(folder)


@pytest.fixture(scope="session")
def tone() -> Callable[[Path], IO[bytes]]:
    """`tone(path)`: a second of FLAC in a Matroska file, and the same as `audio_of` gives it."""

    def make(path: Path) -> IO[bytes]:
        import av

        from covey.io.audio_tracks import audio_of

        with av.open(str(path), "w") as out:
            stream = out.add_stream("flac", rate=16000)
            stream.layout = "mono"
            for at in range(20):
                wave = (8000 * np.sin(np.arange(960 * at, 960 * at + 960) / 9)).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
                frame.sample_rate, frame.pts = 16000, 960 * at
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
        with audio_of(path) as found:
            assert found is not None
            found.seek(0)
            return io.BytesIO(found.read())

    return make
