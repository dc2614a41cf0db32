"""Which module may import which, and what `import tinynet` costs."""

import ast
import graphlib
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tinynet"
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
RUN_TIME = {"numpy", "matplotlib", "requests"}


def imported(path, everywhere):
    """Return what a file imports: at its head, or everywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not is_for_type_checkers(node)]
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in FILES else node.module


def is_for_type_checkers(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def uses(name, everywhere=True):
    """Return the modules of tinynet that one of them imports."""
    found = set(imported(FILES[name], everywhere))
    return {module for module in found if module in FILES and module != name}


def test_no_module_needs_itself():
    graph = {name: uses(name) - {"tinynet"} for name in FILES if name != "tinynet"}
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError


@pytest.mark.parametrize(
    "name", ["activations", "initializers", "metrics", "regularizers", "schedules"]
)
def test_the_tables_need_only_the_registry_settings_and_the_number_type(name):
    support = {f"tinynet.support.{module}" for module in ("registry", "settings", "ranks")}
    assert uses(f"tinynet.{name}") <= support | {"tinynet.config", "tinynet.variables"}


@pytest.mark.parametrize(
    ("name", "may_use"),
    [
        ("idx", set()),
        ("config", set()),
        ("activations", set()),
        ("weights", {"activations", "constraints", "initializers", "regularizers", "variables"}),
        (
            "layers",
            {
                "activations",
                "constraints",
                "initializers",
                "regularizers",
                "config",
                "symbols",
                "weights",
            },
        ),
        ("losses", {"activations", "reduction"}),
        ("reduction", {"config", "variables"}),
        ("optimizers", {"schedules"}),
        ("network", {"activations", "layers", "losses", "optimizers", "regularizers", "weights"}),
    ],
)
def test_the_core_needs_only_what_comes_before_it(name, may_use):
    above = {used for used in uses(f"tinynet.{name}") if not used.startswith("tinynet.support")}
    assert above <= {f"tinynet.{other}" for other in may_use}


def test_what_supports_knows_nothing_of_networks():
    for name in FILES:
        if name.startswith("tinynet.support"):
            assert all(used.startswith("tinynet.support") for used in uses(name)), name


def test_nothing_needs_the_model_but_what_looks_at_one():
    users = {
        name
        for name in FILES
        if not name.startswith("tinynet.models")
        and any(used.startswith("tinynet.models") for used in uses(name))
    }
    looking = ("tinynet.gradcheck", "tinynet.distributed")
    assert {name for name in users if not name.startswith(looking)} <= {
        "tinynet",
        "tinynet.explain",
        "tinynet.plots",
        "tinynet.wrappers",
    }


ELSEWHERE = {  # modules that are tested under another name than theirs
    "arguments": "test_checks",
    "weighting": "test_data_forms",
    "loading": "test_saving",
    "initializers": "test_golden",
    "normalization": "test_weights",
    "rectifiers": "test_more_layers",
    "regularization": "test_more_layers",
    "reshaping": "test_more_layers",
    "reduction": "test_called_losses",
    "ranks": "test_called_losses",
    "loss_functions": "test_called_losses",
    "backend": "test_small_helpers",
    "normal": "test_more_activations",
    "loss_metrics": "test_called_metrics",
    "metric_functions": "test_called_metrics",
    "confusion": "test_counted_metrics",
    "auc": "test_counted_metrics",
    "f_scores": "test_counted_metrics",
    "r2_score": "test_counted_metrics",
    "scaling": "test_more_layers",
    "py_dataset": "test_feeds",
    "scores": "test_metrics",
    "merging": "test_functional",
    "graph": "test_functional",
    "inputs": "test_functional",
    "symbols": "test_functional",
    "compiling": "test_trainer",
    "engine": "test_distributed",
    "keras_names": "test_absent",
    "formats": "test_keras_files",
    "keras_configs": "test_keras_files",
    "legacy_h5": "test_keras_files",
    "hdf5": "test_keras_files",
    "__main__": "test_shipped",
}


@pytest.mark.parametrize(
    "package", ["models", "callbacks", "distributed", "gradcheck", "support", "datasets"]
)
def test_a_folder_lists_its_files(package):
    listed = FILES[f"tinynet.{package}"].read_text("utf-8").split('"""')[1]
    for path in (PACKAGE / package).glob("[a-z]*.py"):
        assert path.name in listed


def test_no_two_test_files_have_one_name():
    names = sorted(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name].name != "__init__.py"])
def test_every_module_has_its_test_file(name):
    *_, package, module = name.split(".")
    wanted = {f"test_{module}", f"test_{package}", ELSEWHERE.get(module, "")}
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    assert wanted & tests, f"no test file for {name}"


CORE = ("activations", "layers", "losses", "optimizers", "network")
BUDGET = 1350  # lines, docstrings included: one sitting. Whoever needs more says why.


def test_the_core_can_be_read_in_one_sitting():
    lines = {name: len(FILES[f"tinynet.{name}"].read_text("utf-8").splitlines()) for name in CORE}
    assert sum(lines.values()) <= BUDGET, lines


def test_nothing_of_the_core_needs_plots_or_data_sets():
    for name in FILES:
        if name.startswith(("tinynet.datasets", "tinynet.plots")) or name == "tinynet.idx":
            continue
        assert not {n for n in uses(name) if n.startswith(("tinynet.datasets", "tinynet.plots"))}


@pytest.mark.parametrize("name", FILES)
def test_only_the_three_dependencies_are_imported(name):
    roots = {module.partition(".")[0] for module in imported(FILES[name], everywhere=True)}
    # urllib3 comes with requests, Pillow with matplotlib.
    extras = {"tinynet.wrappers": {"sklearn"}, "tinynet.distributed.mpiexec": {"mpi4py"}}
    extra = extras.get(name, set())
    assert roots - sys.stdlib_module_names <= RUN_TIME | {"tinynet", "urllib3", "PIL"} | extra


@pytest.mark.parametrize("name", FILES)
def test_matplotlib_and_requests_are_imported_by_the_functions_that_need_them(name):
    roots = {module.partition(".")[0] for module in imported(FILES[name], everywhere=False)}
    assert not roots & {"matplotlib", "requests"}


def test_the_project_says_the_same_dependencies():
    line = next(
        line
        for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
        if line.startswith("dependencies")
    )
    names = {item.partition(">")[0] for item in ast.literal_eval(line.partition("=")[2].strip())}
    assert names == RUN_TIME


@pytest.mark.parametrize(
    ("modules", "slow"),
    [
        ("tinynet", {"json", "zipfile", "gzip", "pathlib", "difflib", "numpy.random"}),
        ("tinynet, tinynet.datasets", {"matplotlib", "requests", "urllib3", "PIL", "scipy"}),
    ],
)
def test_the_import_loads_nothing_slow_besides_numpy(modules, slow):
    code = (
        "import sys, numpy; before = set(sys.modules); "
        f"import {modules}; print(*sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert "tinynet.models" in loaded
    assert not loaded & (slow | {"matplotlib", "requests"})


LATE = """
import sys, tinynet
from tinynet import layers
assert not [name for name in sys.modules if name.startswith("tinynet.more.")]
{use}
assert "tinynet.more.rectifiers" in sys.modules
"""


@pytest.mark.parametrize(
    "use",
    [
        "from tinynet.layers import LeakyReLU",
        "from tinynet.layers import *; LeakyReLU",
        "assert tinynet.layers.LeakyReLU.__module__ == 'tinynet.more.rectifiers'",
        "assert 'LeakyReLU' in dir(layers)",
        "assert layers.get('leaky_re_lu').negative_slope == 0.3",
        "assert layers.get({'class_name': 'ELU', 'config': {}}).alpha == 1",
        "assert not hasattr(layers, 'LeakyRELU')",
    ],
)
def test_the_rest_of_keras_is_loaded_when_it_is_asked_for(use):
    subprocess.run([sys.executable, "-c", LATE.format(use=use)], check=True, cwd=ROOT)


def test_all_that_more_has_is_shown_by_its_public_module_and_its_type_checkers_view():
    from tinynet import more

    for public, files in more.FILES.items():
        module = importlib.import_module(f"tinynet.{public}")
        source = FILES[module.__name__].read_text("utf-8")
        for file in files:
            part = importlib.import_module(f"tinynet.more.{file}")
            assert f"    from {part.__name__} import *  # noqa: F403\n" in source
            assert all(getattr(module, name) is getattr(part, name) for name in part.__all__)
    assert {path.stem for path in (PACKAGE / "more").glob("*.py")} - {"__init__"} == {
        file for files in more.FILES.values() for file in files
    }


def test_everything_the_package_promises_is_there():
    import tinynet

    for name in tinynet.__all__:
        assert getattr(tinynet, name) is not None
