"""A missing library is told from a broken one."""

import json
import sys

import pytest

from covey.cli.exits import explain
from covey.extras import require
from covey.types import MissingExtraError


def test_what_is_there_is_imported() -> None:
    assert require("json", "learn") is json
    assert require("json.decoder", "learn") is sys.modules["json.decoder"]


@pytest.mark.parametrize("module", ["no_such_library", "no_such_library.part"])
def test_what_is_missing_names_the_command(module, capsys) -> None:
    with pytest.raises(MissingExtraError, match=r'pip install "covey\[learn\]"') as caught:
        require(module, "learn")
    assert explain(caught.value, []) == 5
    assert capsys.readouterr().err == (
        f'covey: {module} is not installed; run: pip install "covey[learn]"\n'
    )


def test_a_library_that_lacks_another_is_not_called_missing(tmp_path, monkeypatch) -> None:
    (tmp_path / "broken_library.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_library") as caught:
        require("broken_library", "learn")
    assert not isinstance(caught.value, MissingExtraError)
