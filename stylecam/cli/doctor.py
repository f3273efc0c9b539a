"""`stylecam doctor`: is everything here that stylecam needs, and does it work."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Final

import typer

from stylecam.cli.common import JsonOption

__all__ = ["doctor"]

_MARKS: Final = {"good": "✓", "note": "!", "bad": "✗"}
_PLAIN_MARKS: Final = {"good": "+", "note": "!", "bad": "x"}


def doctor(as_json: JsonOption = False) -> None:
    """Check the installation, and say what mends what is wrong.

    Nothing is changed, and no camera is opened. Takes some seconds. Exit code 1: something does not work.

    Example: stylecam doctor
    """
    from stylecam.doctor import examine

    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            typer.echo(f"{_marks()[finding.state]} {finding.name}: {finding.words}")
            if finding.remedy:
                typer.echo(f"    {finding.remedy}")
    sound = all(finding.state != "bad" for finding in findings)
    if as_json:
        typer.echo(json.dumps({"schema": 1, "sound": sound, "checks": [asdict(f) for f in findings]}, indent=2))
    if not sound:
        raise typer.Exit(1)


def _marks() -> dict[str, str]:
    try:
        "✓✗".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN_MARKS
    return _MARKS
