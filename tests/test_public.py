"""The surface: what the package exports, what importing it costs, and who may import what."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import stylecam
import trainer

_HEAVY = {"torch", "torchvision", "cv2", "av", "PIL", "PySide6", "onnx"}
_ROOT = Path(stylecam.__file__).resolve().parents[1]

_MAY_IMPORT = {
    # torch: where networks are defined, read in, run and trained, and nowhere else.
    "torch": {
        *("network", "engine", "inference", "accelerator", "devices", "devicefacts"),
        *("recorded", "hostbuffers", "layouts"),
        *("compositing", "importers", "benching"),
    },
    "cv2": {"opencv", "sources", "cameras", "steadiness", "flowblend", "doctor", "benching"},
    "av": {
        *("probe", "decoding", "sources", "sinks", "picturestream", "streamcopy", "recovery", "doctor"),
        *("encoders", "encodertrial", "movtext"),
    },
    "PIL": {"pictures", "sheet"},
    "onnx": {"onnxexport"},
    "typer": {"cli"},
    "rich": {"cli"},
    "PySide6": {"gui"},
    "trainer": set(),
}


def _modules() -> list[str]:
    found = []
    for package in (stylecam, trainer):
        found += [info.name for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    return [name for name in found if not name.endswith("__main__")]


def _loaded_by(statement: str) -> set[str]:
    """The heavy modules that are loaded once a fresh interpreter has run a statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return _HEAVY & set(json.loads(run.stdout.splitlines()[-1]))


def test_every_public_name_is_there_and_no_other_is_announced() -> None:
    assert stylecam.__all__ == sorted(stylecam.__all__)
    assert set(stylecam.__all__) <= set(dir(stylecam))
    for name in stylecam.__all__:
        assert getattr(stylecam, name).__module__.startswith(("stylecam", "numpy", "typing")) or name == "Image"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = stylecam.nonsense  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", _modules())
def test_a_module_s_all_names_exactly_what_it_makes_public(name: str) -> None:
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    defined = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not _is_command(node):
            defined.add(node.name)
    public = {d for d in defined if not d.startswith("_")}
    announced = set(getattr(module, "__all__", ()))
    assert public <= announced, f"not in __all__: {public - announced}"
    assert all(hasattr(module, entry) for entry in announced)


def _is_command(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """A command that a decorator registers is reached through its app."""
    return any(".command(" in ast.unparse(decorator) for decorator in node.decorator_list)


def test_importing_stylecam_loads_nothing_heavy() -> None:
    assert _loaded_by("import stylecam, stylecam.cli") == set()


def test_reading_styles_loads_nothing_heavy() -> None:
    assert _loaded_by("import stylecam; stylecam.StyleLibrary()") == set()


def test_help_loads_nothing_heavy() -> None:
    statement = "from stylecam.cli import main\nassert main(['--help']) == 0"
    assert _loaded_by(statement) == set()


def test_each_library_is_imported_only_where_it_is_at_home() -> None:
    offences = []
    for path in sorted((_ROOT / "stylecam").rglob("*.py")):
        home = path.relative_to(_ROOT / "stylecam").parts[0].removesuffix(".py")
        for library in _imports(path):
            if library in _MAY_IMPORT and home not in _MAY_IMPORT[library]:
                offences.append(f"{path.name} imports {library}")
    assert not offences


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add("cv2" if node.module == "stylecam.opencv" else node.module.split(".")[0])
    return names
