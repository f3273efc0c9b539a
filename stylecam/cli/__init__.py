"""The command line: which commands there are, and how a command ends.

Nothing heavy is imported here: a command loads what it needs when it runs, so that help answers at once.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import TYPE_CHECKING, Annotated

import typer

from stylecam import __version__
from stylecam.cli.bench import bench
from stylecam.cli.devices import devices
from stylecam.cli.doctor import doctor
from stylecam.cli.export_onnx import export_onnx
from stylecam.cli.image import image
from stylecam.cli.live import live, open_window
from stylecam.cli.styles import styles
from stylecam.cli.train import train
from stylecam.cli.video import video
from stylecam.environment import set_environment
from stylecam.errors import SinkError, StylecamError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["app", "main"]

app = typer.Typer(
    name="stylecam",
    help="Turn a camera, videos and pictures into paintings, and train your own styles. Alone, it opens the window.",
    epilog=(
        "Exit codes: 0 done, 1 a bug, 2 wrong usage, 3 input, 4 output, 5 style, 6 camera, 7 device, "
        "8 done with losses, 9 training, 130 and 143 stopped by a signal."
    ),
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(live)
app.command()(video)
app.command()(image)
app.add_typer(styles, name="styles")
app.add_typer(train, name="train")
app.command()(bench)
app.command()(devices)
app.command()(doctor)
app.command("export-onnx")(export_onnx)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stylecam {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        raise typer.Exit(open_window())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    A `StylecamError` is one line on stderr and its own exit code. Anything else is a bug: its last line is shown, and
    the whole traceback if STYLECAM_DEBUG is set.
    """
    _replace_closed_streams()
    set_environment()
    try:
        app(args=None if argv is None else list(argv), standalone_mode=True)
    except SystemExit as exc:
        if isinstance(exc.__context__, BrokenPipeError):  # whoever read our output has gone, as `head` does
            return 0
        return exc.code if isinstance(exc.code, int) else 0 if exc.code is None else 1
    except StylecamError as exc:
        if os.environ.get("STYLECAM_DEBUG"):
            traceback.print_exc()
        typer.echo(f"error: {exc}", err=True)
        return exc.exit_code
    except KeyboardInterrupt:
        return 130
    except Exception as exc:
        if isinstance(exc, OSError) and exc.errno == errno.ENOSPC:
            typer.echo("error: the result could not be printed: there is no room where standard output goes", err=True)
            return SinkError.exit_code
        if os.environ.get("STYLECAM_DEBUG"):
            traceback.print_exc()
        typer.echo(
            f"error: this is a bug in stylecam: {type(exc).__name__}: {exc} (set STYLECAM_DEBUG=1 to see where)",
            err=True,
        )
        return 1
    return 0


def _replace_closed_streams() -> None:
    """Where the caller closed a standard stream, Python leaves None, which every library trips over."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115 - for the whole run
