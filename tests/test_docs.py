"""The documentation names every option, its links lead somewhere, and its Python runs."""

import re
from pathlib import Path

import numpy as np
import pytest
import typer

from covey.cli.app import app
from covey.datasets.synthetic import von_mises_fisher_mixture

_ROOT = Path(__file__).parents[1]
_PAGES = [*_ROOT.glob("*.md"), *(_ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith("http"):
            continue
        name, _, heading = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{page.name} links to {target}"
        if heading:
            headings = re.findall(r"^#+ (.+)$", linked.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings}
            assert heading in anchors, f"{page.name} links to {target}"


def test_every_command_and_option_is_described() -> None:
    text = (_ROOT / "docs" / "command-line.md").read_text("utf-8")
    commands = dict(typer.main.get_command(app).commands)
    for name, group in list(commands.items()):
        inner = getattr(group, "commands", {})
        commands |= {f"{name} {each}": command for each, command in inner.items()}
    assert "train universal" in commands
    for name, command in commands.items():
        assert f"covey {name}" in text
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option not in ("--out", "--help"):
                    assert option in text, f"covey {name} {option} is not in docs/command-line.md"


def test_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("embeddings.npy", von_mises_fisher_mixture(300, 32, n_groups=15, seed=0)[0])
    blocks = re.findall(r"```python\n(.*?)```", (_ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert Path("report.html").stat().st_size > 10_000
