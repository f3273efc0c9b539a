"""Training in the window: from a dropped picture to a style that paints, and every training that there was.

`control.py` is what the rest of the window knows: it opens the dialog and the list, follows one run, and says in the
banner how far that is. `dialog.py` has three parts that take turns, each with its page: `preparation.py` (`setup.py`)
asks and starts, `course.py` (`progress.py`) shows a run and hands on what is wished of it, `aftermath.py` (`end.py`)
tells what came of it. A run itself is a process of its own: `process.py` follows its folder, `guide.py` tells it what
is wanted, `story.py` is what its events come to. Nothing here is imported by another part of the window but
`control.py`.
"""
