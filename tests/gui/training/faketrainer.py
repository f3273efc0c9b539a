"""A trainer that learns nothing, and is told what to do as the real one is; and runs as it leaves them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import json, os, shutil, signal, sys, time
from pathlib import Path
from stylecam.runs import hold, read_control
from stylecam.styles import user_styles_folder

TINY = Path({tiny!r})
command, arguments = sys.argv[1], sys.argv[2:]
step = 0

def say(event, **fields):
    line = json.dumps({{"event": event, "time": time.time(), **fields}})
    if command in ("new", "resume"):
        with (folder / "events.jsonl").open("a") as file:
            file.write(line + "\\n")
    print(line, flush=True)

def on_signal(number, frame):
    say("checkpoint", variant="fast", step=step, path="")
    say("stopped", step=step, text=f"stopped at step {{step}}")
    sys.exit(143)

def make_style(name):
    path = user_styles_folder() / f"{{name}}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(TINY, path)
    say("finished", step=step, seconds=1, path=str(path))

if command == "estimate":
    print(json.dumps({{"quick": [60, 90], "standard": [600, 900], "best": [6000, 9000], "device": "cpu"}}))
    sys.exit(0)
if command == "new":
    folder = Path(arguments[arguments.index("--run") + 1])
    name = arguments[arguments.index("--name") + 1]
    folder.mkdir(parents=True, exist_ok=True)
    run = {{"version": 1, "name": name, "title": name, "preset": "quick", "created": time.time()}}
    (folder / "run.json").write_text(json.dumps(run))
else:
    folder = Path(arguments[0])
    name = json.loads((folder / "run.json").read_text())["name"]
if command == "export":
    if name == "broken":
        sys.exit("error: there is nothing to export")
    make_style(name)
    sys.exit(0)
signal.signal(signal.SIGTERM, on_signal)
with hold(folder):
    (folder / "lock").write_text(str(os.getpid()))
    say("phase", phase="photographs", variant="")
    say("started", variant="fast", network=1, networks=1, step=0, steps=1500, device="cpu", photographs=20, skipped=[])
    (folder / "trials").mkdir(exist_ok=True)
    said = ""
    while (state := read_control(folder).state) in ("run", "pause"):
        if state != said and (said or state == "pause"):
            say("paused" if state == "pause" else "resumed", step=step)
        said = state
        if state == "run" and step < 400:
            step += 100
            losses = dict(content=1.0, style=1.0, tv=0.0, consistency=0.0, total=2.0, learning_rate=0.001)
            say("step", variant="fast", network=1, networks=1, step=step, steps=1500, seconds_per_step=0.2,
                seconds_left=240.0, **losses)
        time.sleep(0.02)
    if state == "cancel":
        say("cancelled", step=step)
    else:
        make_style(name)
"""
"""It trains 400 of 1500 steps, and then waits for what it is told."""


def write_run(
    folder: Path, *events: dict[str, Any], name: str = "", title: str = "", age_s: float = 60.0, **fields: Any
) -> Path:
    """A run that nobody trains, begun so long ago, with these events."""
    folder.mkdir(parents=True, exist_ok=True)
    name = name or folder.name
    now = time.time() - age_s
    run = {"version": 1, "name": name, "title": title or name, "preset": "quick", "created": now, **fields}
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "events.jsonl").write_text("".join(json.dumps({"time": now, **event}) + "\n" for event in events))
    return folder


def step(number: int = 400) -> dict[str, Any]:
    return {"event": "step", "variant": "fast", "step": number, "steps": 1500, "seconds_left": 240.0}


def stopped(number: int = 400) -> tuple[dict[str, Any], ...]:
    """The events of a run that was stopped after so many steps."""
    checkpoint = {"event": "checkpoint", "variant": "fast", "step": number, "path": ""}
    return step(number), checkpoint, {"event": "stopped", "step": number, "text": f"stopped at step {number}"}
