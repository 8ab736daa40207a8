"""The picture of a terminal session: what is on the terminal at the end, with its colours, and nothing private."""

import socket
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from deploy.docs import session
from deploy.docs.terminal import Screen, picture

SVG = "{http://www.w3.org/2000/svg}"
LIVE = """
from rich.console import Console
from rich.live import Live
console = Console()
with Live("first look", console=console, auto_refresh=False) as live:
    for look in ("[red]one[/]\\n[bold]two[/]", "[green]1[/]\\ndone\\nand more"):
        live.update(look, refresh=True)
console.print("after it", console.is_terminal, console.width)
"""


def words(svg: str) -> str:
    """What a picture says."""
    return " ".join("".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")).replace(
        "\N{NO-BREAK SPACE}", " "
    )


def test_lines_that_were_written_anew_are_there_once() -> None:
    screen = Screen()
    screen.feed("a\nb\n\x1b[1A\x1b[2Knew \x1b[31mb\x1b[0m\x1b[?25l\nc\x1b]0;title\x07\n\n")
    assert screen.lines() == ["a", "new \x1b[31mb\x1b[0m", "c"]
    screen.feed("\x1b[9Atop")
    assert screen.lines()[0] == "atop", "the cursor stops at the top"


def test_a_live_display_ends_as_its_last_state() -> None:
    lines = session.record([sys.executable, "-c", LIVE], 50)
    assert lines[1:] == ["done", "and more", "after it \x1b[3;92mTrue\x1b[0m \x1b[1;36m50\x1b[0m"]
    assert lines[0].endswith("m1\x1b[0m"), "green stays"
    assert not any("first" in line or "two" in line for line in lines)


def test_a_command_that_fails_is_not_drawn() -> None:
    with pytest.raises(session.SessionError, match="no such thing"):
        session.record([sys.executable, "-c", "raise SystemExit('no such thing')"], 80)


def test_a_picture_has_the_lines_and_colours_and_fetches_nothing() -> None:
    svg = picture(["\x1b[38;2;1;2;3mcoloured\x1b[0m <&>", "x" * 25], "the title", 20)
    assert "coloured" in words(svg)
    assert "<&>" in words(svg)
    assert "the title" in words(svg)
    assert "#010203" in svg
    assert "x" * 20 in words(svg), "a line is as long as the terminal is wide"
    assert "x" * 21 not in words(svg)
    assert "url(http" not in svg.replace('"', "")


def test_paths_are_seen_from_the_directory_and_passwords_are_hidden(tmp_path: Path) -> None:
    lines = [f"in {tmp_path}/.trove/x", "psql 'postgresql://joe:0a1b2c@127.1.2.10/shop'", f"{session.ROOT}/.venv/bin/x"]
    assert session.shown(lines, tmp_path) == [
        "in .trove/x",
        "psql 'postgresql://joe:********@127.1.2.10/shop'",
        ".venv/bin/x",
    ]


@pytest.mark.parametrize(
    "line", ["on box17", "cache /home/somebody/.cache", "from https://registry.example/simple", "{directory}"]
)
def test_what_is_private_is_refused(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setattr(socket, "gethostname", lambda: "box17")
    assert session.shown(["on box170"], tmp_path) == ["on box170"]
    with pytest.raises(session.SessionError, match="in the output"):
        session.shown([line.format(directory=tmp_path)], tmp_path)


def test_the_picture_of_the_readme_is_that_of_a_whole_demonstration() -> None:
    told = words(session.PICTURE.read_text())
    for step in (
        "$ make demo",
        "a new PostgreSQL instance",
        "the restored rows are those of the backup",
        "********@127",
    ):
        assert step in told
    assert not any(place in told for place in ("/home/", "/root/", "/tmp/", "/var/"))
    assert all(host.startswith("127.") for host in session.HOST.findall(told))
    assert "(docs/figures/demo.svg)" in (session.ROOT / "README.md").read_text()
