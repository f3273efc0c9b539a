"""`stylecam bench`: what this machine does with the networks, beside what others do with it, in one run."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from stylecam.cli.common import DeviceOption, JsonOption, QuietOption, say
from stylecam.signals import StopSignals

if TYPE_CHECKING:
    from stylecam.benching.plan import Bench
    from stylecam.benching.reporting import Report
    from stylecam.benching.sections import Section

__all__ = ["bench"]

_INCOMPLETE = 1


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds and sizes: a look, not a measurement.")] = False,
    only: Annotated[
        str,
        typer.Option(
            metavar="NAME[,NAME]",
            help="Of these alone: network, peers, live, training, export, swap, start, memory.",
            show_default=False,
        ),
    ] = "",
    style: Annotated[str, typer.Option("--style", "-s", metavar="NAME", help="The style to measure with.")] = "candy",
    device: DeviceOption = "auto",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the result as tables in Markdown.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure this machine: the networks beside its own limit and others' programs, exports, live picture, training.

    Everything in one run and in interleaved rounds, so that ratios mean something even where times do not. Takes
    about twelve minutes on two cores, with --quick about three; close other programs. Ctrl-C shows what there is. At
    the end stands what stylecam promises of its speed, and whether it holds here.

    Example: stylecam bench --only network,peers
    """
    from stylecam.benching.promises import judge
    from stylecam.benching.suite import SUBJECTS, run_subjects

    names = [name.strip() for name in only.split(",") if name.strip()] or list(SUBJECTS)
    if unknown := [name for name in names if name not in SUBJECTS]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(SUBJECTS)}", param_hint="--only")
    if as_json and markdown:
        raise typer.BadParameter("one of --json and --markdown, not both", param_hint="--markdown")
    sections: list[Section] = []
    with StopSignals(quiet=True) as signals:
        plan = _plan(style, device, signals, quick=quick, quiet=quiet)
        report = _report(plan, sections)
        try:
            for section in run_subjects(plan, names):
                sections.append(section)
                if not (as_json or markdown):
                    _print(section)
        finally:  # what was measured is shown, whatever came then
            if sections:
                sections.append(judge(sections))
                if not (as_json or markdown):
                    _print(sections[-1])
            if as_json:
                typer.echo(json.dumps(report.as_json(), indent=2))
            elif markdown:
                typer.echo(report.as_markdown(), nl=False)
    if signals.exit_code is not None:
        say("stopped; what was measured by then is above")
        raise typer.Exit(signals.exit_code)
    if not all(section.complete for section in sections):
        raise typer.Exit(_INCOMPLETE)


def _plan(style: str, device: str, signals: StopSignals, *, quick: bool, quiet: bool) -> Bench:
    from stylecam.benching.plan import Bench
    from stylecam.devices import choose_device
    from stylecam.styles import StyleLibrary

    library = StyleLibrary()
    chosen = library[style]
    other = next((other for other in library.values() if other.name != style), chosen)
    parts = chosen, other, choose_device(device), signals.event
    speak = (lambda text: None) if quiet else say
    return Bench.quick(*parts, speak) if quick else Bench(*parts, speak)


def _report(plan: Bench, sections: list[Section]) -> Report:
    """Of the sections as they come."""
    from stylecam.benching.machine import busy_note, machine_facts
    from stylecam.benching.reporting import Report

    facts = machine_facts(plan.device)
    plan.say(f"on {plan.device}, {facts['cores']} cores")
    if busy := busy_note(facts):
        plan.say(f"note: {busy}")
    command = shlex.join(["stylecam", *sys.argv[1:]])
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Report(facts, command, date, plan.style.name, sections)


def _print(section: Section) -> None:
    from stylecam.cli.tables import print_table

    typer.echo(f"{section.title}{'' if section.complete else ' (stopped before its end)'}")
    if section.rows:
        print_table(section.heads, section.cells())
    for note in section.notes:
        typer.echo(note)
    typer.echo()
