"""Tables of the video codec, of small results that are made up."""

from __future__ import annotations

import json

import pytest

tables = pytest.importorskip("tables", reason="not in a source distribution")
table_parts = pytest.importorskip("table_parts")

NAMES = [name for name in tables.TABLES if name.startswith("video-")]
_COST = {"seconds": 2.0, "cpu_seconds": 1.0, "peak_rss_mib": 300}


def _part(**more):
    ends = {
        "bits": {"told": 1200, "refused": 7},
        "an index that lies, checksums right": {"other": 3},
    }
    facts = {"done": 1210, "ends": ends, "intact_frames": 40, "intact_right": 40}
    facts |= {"forged_told": 5, "forged_silent": 1, "forged_worst": 2.5, "wrong": []}
    return facts | {"longest_seconds": 0.3, "memory_grew_mib": 4} | more


_TRIP = {
    "frames": 1394,
    "size": [33, 17],
    "psnr": 31.456,
    "seeks": 8,
    "audio_packets": 9,
    "other_processes": {
        "2 threads": {"equal": 1394, "told": 0, "most_levels": 0},
        "older instructions": {"equal": 1390, "told": 0, "most_levels": 1},
    },
    "compress": _COST,
    "decompress": _COST,
    "wrong": [],
}
_RUN = {
    way: {
        **_COST,
        "frames": 4,
        "fps": 2.0,
        "cpu_seconds_a_frame": 0.25,
        "parts": {"analysis": 0.25, "prediction": 0.5},
        "calls": {"analysis": 8, "prediction": 4},
    }
    for way in ("encode", "decode")
}
_POINT = {"bpp": 0.1, "psnr": 30.0, "encode_fps": 2.0, "decode_fps": 3.0}
_CURVES = {name: {"version": "1", "points": [_POINT]} for name in ("Covey", "x")}
_BRANCH = {"whole": 30.0, "hidden": 20.0, "near edges": 25.0, "bits": 0.01}
RESULTS = {
    "video_fuzz": {"parts": {"random": _part(), "commands": _part(done=2, wrong=["a"])}},
    "video_trips": {
        "clips": {"a film": _TRIP},
        "odd": {"1 x 1": {key: each for key, each in _TRIP.items() if key != "audio_packets"}},
        "long": {},
        "lengths": {"48": {"frames": 48, "compress": _COST, "decompress": _COST}},
    },
    "video_speed": {"clips": {"ball": {"1 threads": _RUN, "2 threads": _RUN, "commit": "z"}}},
    "video": {
        "clips": {
            name: {"size": [4, 2], "frames": 9, "curves": _CURVES} for name in ("ball", "sky")
        },
        "bd_rate": {
            "ball": {"x": {"percent": 12.5, "psnr": [28.0, 33.0]}},
            "sky": {"x": {"percent": -2.5, "psnr": [28.0, 33.0]}},
        },
    },
    "video_prediction": {
        "indices": [2.0, 5.0],
        "sizes": {"steps": 1500, "codec": "abcd"},
        "branches": {
            "flow": {
                "scenes": {"2": _BRANCH, "5": _BRANCH},
                "clips": {
                    "ball": {"2": _BRANCH, "5": _BRANCH},
                    "sky": {"2": {**_BRANCH, "whole": 32.0}, "5": _BRANCH},
                },
            }
        },
    },
}


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(table_parts, "RESULTS", tmp_path)
    return tmp_path


def test_without_results_tables_stay_as_they_are(results) -> None:
    text = "".join(f"<!-- table:{name} -->\nold\n<!-- /table:{name} -->\n" for name in NAMES)
    assert tables.fill(text) == text


def test_tables_of_what_was_measured(results) -> None:
    machine = {"processor": "a processor", "cores": 2, "memory_gib": 8.0}
    about = {"command": "x", "date": "y", "commit": "z", "machine": machine}
    for name, facts in RESULTS.items():
        (results / f"{name}.json").write_text(json.dumps({**about, **facts}))
    made = {name: tables.TABLES[name]() for name in NAMES}
    for text in made.values():
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert len(lines) >= 3
        assert len({line.count("|") for line in lines}) == 1
        assert "commit z, a processor" in text
    assert "| bits | 14 | 2,400 | 0 | 0 |" in made["video-fuzz"]
    assert "1 went wrong" in made["video-fuzz"]
    assert (
        "| a film | 1,394 | 33 x 17 | 31.46 | 8 | 1,394 | 1,390 | 1 | 9 | 300 | 0 |"
        in (made["video-trips"])
    )
    assert "| 48 | 300 | 1 | 300 | 1 |" in made["video-lengths"]
    assert "| ball | 2 | 2.00 | 0.25 | 300 | 2.00 | 0.25 | 300 |" in made["video-speed"]
    assert "| ball, coding | prediction | 50% | 1.00 |" in made["video-parts"]
    assert "| mean | +5.0 |" in made["video-curves"]
    assert "| Covey | 2 | 2.0 | 3.0 |" in made["video-curve-speeds"]
    assert "| flow | 30.00 | 20.00 | 25.00 | 0.0100 | 30.00" in made["video-prediction"]
    assert "| flow | 31.00 | 20.00 | 25.00 | 0.0100 | 30.00" in made["video-prediction-clips"]
