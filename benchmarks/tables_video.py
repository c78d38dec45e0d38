"""Tables of the video codec: damaged files, round trips, speed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from table_parts import found, markdown, origin

_ENDS = ("refused", "told", "sound", "other")


def video_fuzz() -> str | None:
    """What became of damaged files, by what was done to them."""
    if (result := found("video_fuzz")) is None:
        return None
    parts = result["parts"]
    ends: dict[str, Counter[str]] = {}
    for part in parts.values():
        for name, counts in part["ends"].items():
            ends.setdefault(name, Counter()).update(counts)
    header = ["what was done", "refused", "read and told", "read as sound", "another clip"]
    rows = [[name, *(f"{ends[name][end]:,}" for end in _ENDS)] for name in sorted(ends, key=_last)]
    total = {key: sum(part[key] for part in parts.values()) for key in _SUMS}
    wrong = sum(len(part["wrong"]) for part in parts.values())
    files = ", ".join(f"{part['done']:,} {_PARTS[name]}" for name, part in parts.items())
    told = (
        f"\n{total['done']:,} files ({files}); the longest took "
        f"{max(part['longest_seconds'] for part in parts.values()):.1f} seconds, memory grew by "
        f"{max(part['memory_grew_mib'] for part in parts.values())} MiB; {wrong} went wrong. Of "
        f"{total['intact_frames']:,} frames in groups whose bytes were all there "
        f"{total['intact_right']:,} came out as they were. Of frames that were exchanged or made "
        f"of noise under right checksums digests told {total['forged_told']:,}, and missed "
        f"{total['forged_silent']:,}, "
        f"{max(part['forged_worst'] for part in parts.values()):g} levels off at most.\n"
    )
    return markdown(header, rows) + told + origin(result)


_SUMS = ("done", "intact_frames", "intact_right", "forged_told", "forged_silent")
_PARTS = {
    "random": "by random weights",
    "shipped": "by the weights that ship",
    "commands": "of these through `covey decompress`",
}


def _last(name: str) -> tuple[bool, str]:
    """Forged files behind all others."""
    return "right" in name, name


def video_trips() -> str | None:
    """One row for each clip that went there and back."""
    if (result := found("video_trips")) is None:
        return None
    rows, wrong = [], 0
    for part in ("clips", "odd", "long"):
        for name, trip in result[part].items():
            wrong += len(trip["wrong"])
            elsewhere = trip["other_processes"]
            older = elsewhere["older instructions"]
            rows.append(
                [
                    name,
                    f"{trip['frames']:,}",
                    " x ".join(map(str, trip["size"])),
                    f"{trip['psnr']:.2f}",
                    str(trip["seeks"]),
                    f"{elsewhere['2 threads']['equal']:,}",
                    f"{older['equal']:,}",
                    str(older["most_levels"]),
                    str(trip.get("audio_packets", "")),
                    str(trip["compress"]["peak_rss_mib"]),
                    str(len(trip["wrong"])),
                ]
            )
    header = [
        "clip",
        "frames",
        "size",
        "dB",
        "seeks",
        "equal on 2 threads",
        "equal by older instructions",
        "levels off at most",
        "audio packets",
        "MiB",
        "wrong",
    ]
    told = f"\n{len(rows)} clips, {wrong} things wrong.\n"
    return markdown(header, rows) + told + origin(result)


def video_lengths() -> str | None:
    """Memory and seconds over the length of a clip."""
    if (result := found("video_trips")) is None or not result["lengths"]:
        return None
    rows = []
    for trip in result["lengths"].values():
        row = [f"{trip['frames']:,}"]
        for way in ("compress", "decompress"):
            row += [str(trip[way]["peak_rss_mib"]), f"{trip[way]['cpu_seconds']:.0f}"]
        rows.append(row)
    header = ["frames", "MiB to compress", "CPU seconds", "MiB to decompress", "CPU seconds"]
    return markdown(header, rows) + origin(result)


def video_speed() -> str | None:
    """Frames a second, one row for each clip and number of threads."""
    if (result := found("video_speed")) is None:
        return None
    rows = []
    for clip, threads, run in _runs(result):
        row = [clip, threads.split()[0]]
        for way in ("encode", "decode"):
            each = run[way]
            row += [
                f"{each['fps']:.2f}",
                f"{each['cpu_seconds_a_frame']:.2f}",
                str(each["peak_rss_mib"]),
            ]
        rows.append(row)
    header = ["clip", "threads"]
    for way in ("coded", "read"):
        header += [f"frames a second, {way}", f"CPU seconds a frame, {way}", f"MiB, {way}"]
    return markdown(header, rows) + origin(result)


def video_parts() -> str | None:
    """Where time goes on one thread."""
    if (result := found("video_speed")) is None:
        return None
    rows = []
    for clip, threads, run in _runs(result):
        for way, words in (("encode", "coding"), ("decode", "reading")):
            each = run[way]
            if not threads.startswith("1 ") or "parts" not in each:
                continue
            ordered = sorted(each["parts"].items(), key=lambda part: -part[1])
            for name, seconds in ordered:
                share = f"{seconds / each['cpu_seconds']:.0%}"
                times = f"{each['calls'][name] / each['frames']:.2f}"
                rows.append([f"{clip}, {words}", name, share, times])
    header = ["clip", "part", "share of time", "times a frame"]
    return markdown(header, rows) + origin(result)


def _runs(result: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (clip, threads, run)
        for clip, runs in result["clips"].items()
        for threads, run in runs.items()
        if threads.endswith("threads")
    ]
