"""Names made safe for every file system."""

from __future__ import annotations

import pytest

from covey.io.file_names import safe_file_name, safe_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("", "unnamed"),
        ("..", "unnamed"),
        (" . ", "unnamed"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\x00b\x1b[31m", "a_b_[31m"),
        ("  two\n lines\t", "two lines"),
        ("\u202etxt.exe", "_txt.exe"),
        ("-rf", "rf"),
        ("what?", "what_"),
        ("ends. . .", "ends"),
        ("con", "_con"),
        ("LPT1.a.b", "_LPT1.a.b"),
        ("com10", "com10"),
        ("e\u0301", "é"),
        ("\ud800", "_"),
        ("نمی\u200cدانم", "نمی\u200cدانم"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert safe_name(text) == name
    name.encode()


def test_long_names_are_cut_between_characters() -> None:
    assert safe_name("é" * 300) == "é" * 100
    assert safe_name("a" + "é" * 300, most=10) == "aéééé"
    stem, suffix = safe_file_name("x" * 400 + "." + "y" * 400)
    assert (len(stem), len(suffix)) == (200, 31)
    assert safe_file_name("a:b.JPG") == ("a_b", ".JPG")
    assert safe_file_name("none") == ("none", "")
