"""Tables of the image codec in use: its dial, its targets, seconds and memory."""

from __future__ import annotations

from typing import Any

from machine import RESULTS
from table_parts import markdown, origin, read


def codec_dial() -> str:
    """Steps back over the dial, and how fine it is, beside the goals."""
    if (result := _result("codec_rates")) is None:
        return _unknown("codec_rates")
    goals = result["goals"]
    wide, fine = result.get("sweep"), result.get("fine")
    runs = fine["runs"] if fine else []
    rows = [
        [
            "largest step back of the mean size, %",
            f"{goals['step_back_percent']:g}",
            _back([wide] if wide else [], "mean"),
            _back(runs, "mean"),
        ],
        [
            "of any one image, %",
            "",
            _back([wide] if wide else [], "image"),
            _back(runs, "image"),
        ],
    ]
    if fine:
        steps = fine["all"]
        for kind, words, goal in _STEPS:
            median, mean = (steps[each][kind] for each in ("median_step", "mean_step"))
            rows += [
                [f"median step, {words}", f"{goals[goal]:g}", "", f"{median:g}"],
                [f"mean step, {words}", "", "", f"{mean:g}"],
                [f"steps back, {words}, %", "", "", f"{steps['back_percent'][kind]:g}"],
            ]
    header = [
        "",
        "goal",
        f"every {result['stride']}th rate, {result['images']} images",
        f"neighbouring rates, {len(fine['images']) if fine else 'some'} images",
    ]
    return markdown(header, rows) + origin(result)


_STEPS = (("file", "bits a pixel", "bpp_step"), ("psnr", "dB", "psnr_step"))


def _back(runs: list[dict[str, Any]], of: str) -> str:
    found = [run["step_back"]["file"][f"{of}_percent"] for run in runs]
    return f"{max(found):.3f}" if found else ""


def codec_targets() -> str:
    """How far off each target, how often within the goal, in how many passes."""
    if (result := _result("codec_targets")) is None:
        return _unknown("codec_targets")
    rows = []
    for name, found in result.get("targets", {}).items():
        unit = "% under" if found["aim"] == "percent_under" else "dB above"
        row = [name, str(found["coded"])]
        if found["coded"]:
            off, passes = found["off"], found["passes"]
            digits = 2 if unit == "% under" else 3
            row += [f"{off['mean']:.{digits}f}", f"{off['worst']:.{digits}f} {unit}"]
            row += [str(found["within_goal"]), f"{passes['mean']:.1f}", str(passes["worst"])]
            row += [f"{found['seconds']:.2f}"]
        else:
            row += [""] * 6
        rows.append([*row, str(len(found["out_of_reach"])), str(len(found["end_of_dial"]))])
    goals = result["goals"]
    header = ["target", "met by", "off, mean", "worst"]
    header += [f"within {goals['percent_under']:g} % or {goals['db_above']:g} dB"]
    header += ["passes, mean", "most", "CPU seconds an image", "out of reach", "beyond the dial"]
    return markdown(header, rows) + origin(result)


def codec_seconds() -> str:
    """Seconds of an image of 768 x 512 pixels, and of four tiles."""
    if (result := _result("codec_speed")) is None:
        return _unknown("codec_speed")
    rows = []
    for size in ("S", "M"):
        random = size == "M" and result["weights_m"] == "random"
        about = f"{size}, random weights" if random else size
        for found in result.get(size, ()):
            seconds, split = found["seconds"], found["decode_split"]
            row = [f"{about}, rate {found['rate']}", f"{found['bpp']:.2f}"]
            row += [_seconds(seconds, f"encode, effort {effort}") for effort in (0, 1, 2)]
            row += [_seconds(seconds, "decode")]
            rows.append([*row, *(f"{split[part]:.3f}" for part in _PARTS)])
    times = result.get("times_published", {}).get("S", {})
    for name, theirs in result["published"].items():
        encode, decode = (_published(theirs[what], times.get(name), what) for what in theirs)
        row = [f"{name}, published, another machine", "", "", encode, "", decode]
        rows.append([*row, "", "", ""])
    header = ["CPU seconds", "bits a pixel"]
    header += [f"encode, effort {effort}" for effort in (0, 1, 2)]
    header += ["decode", *(f"of it {part}" for part in _PARTS)]
    return markdown(header, rows) + origin(result)


_PARTS = ("entropy decoding", "foresight", "synthesis")


def _seconds(seconds: dict[str, Any], name: str) -> str:
    return f"{seconds[name]['cpu']:#.3g}" if name in seconds else ""


def _published(seconds: float, times: dict[str, float] | None, what: str) -> str:
    """Seconds, and how many times those of size S at rate 5000."""
    return f"{seconds:g}" if times is None else f"{seconds:g} ({times[what]:.0f} times S)"


def codec_threads() -> str:
    """Seconds by the clock on one thread and on two, of four tiles and of a large picture."""
    if (result := _result("codec_speed")) is None:
        return _unknown("codec_speed")
    rows = []
    for found in result.get("tiles", ()):
        encode, decode = (found["seconds"][name]["wall"] for name in ("encode, effort 1", "decode"))
        name = f"four tiles, threads {found['threads']}"
        rows.append([name, f"{encode:.2f}", f"{decode:.2f}", "", ""])
    if large := result.get("large"):
        base = large["small, threads 1"]
        for threads in (1, 2):
            found = large[f"large, threads {threads}"]
            both = [found[name] for name in ("compress", "decompress")]
            peak = max(each["peak_rss_mib"] for each in both)
            least = max(base[name]["peak_rss_mib"] for name in ("compress", "decompress"))
            row = [f"{large['width']} x {large['height']} by the commands, threads {threads}"]
            row += [f"{each['seconds']:.1f}" for each in both]
            rows.append([*row, f"{peak:,}", f"{peak - least:,}"])
    header = ["seconds by the clock", "encode", "decode", "peak MiB", "more than for 64 x 64"]
    return markdown(header, rows) + origin(result)


def _result(name: str) -> dict[str, Any] | None:
    """What was measured; None before it is."""
    return read(name) if (RESULTS / f"{name}.json").exists() else None


def _unknown(name: str) -> str:
    return f"Not measured yet: `python benchmarks/{name}.py`.\n"
