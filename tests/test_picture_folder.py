"""Which files of a folder are done."""

from __future__ import annotations

import os

import pytest

from covey.picture_folder import Job, date, is_done


@pytest.fixture
def job(tmp_path):
    found = Job(tmp_path / "a.png", tmp_path / "a.cvi")
    found.source.write_bytes(b"picture")
    return found


@pytest.mark.parametrize(("seconds", "done"), [(-1, False), (0, True), (1, True)])
def test_what_is_older_than_its_source_is_not_done(job, seconds, done) -> None:
    assert not is_done(job)
    job.target.write_bytes(b"file")
    time = job.source.stat().st_mtime_ns + seconds * 10**9
    os.utime(job.target, ns=(time, time))
    assert is_done(job) is done


def test_dates(job) -> None:
    job.target.write_bytes(b"file")
    written = job.target.stat().st_mtime_ns
    date(job.target, job)
    assert job.target.stat().st_mtime_ns == written
    os.utime(job.source, (4 * 10**9, 4 * 10**9))
    assert not is_done(job)
    date(job.target, job)
    assert is_done(job)
    date(job.target, job, sound=False)
    assert not is_done(job)
