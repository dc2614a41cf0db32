"""Run the notebooks of the examples and save them with their new outputs.

python tests/tools/refresh_notebook.py
"""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def executed(path: Path, folder: Path, package: Path = ROOT) -> nbformat.NotebookNode:
    """Return a notebook, run from top to bottom in a fresh kernel.

    The folder is where it runs, package that in which tinynet is found.
    """
    notebook = nbformat.read(path, as_version=4)
    env = {**os.environ, "PYTHONPATH": str(package), "OPENBLAS_NUM_THREADS": "1"}
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}})
    client.execute(env=env)
    return notebook


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Join what was printed piece by piece, and keep of each line what was drawn last."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        printed = [out for out in cell.get("outputs", []) if out.output_type == "stream"]
        if printed:
            lines = "".join(out.text for out in printed).split("\n")
            printed[0].text = "\n".join(line.rpartition("\r")[2].rstrip() for line in lines)
            cell.outputs = [out for out in cell.outputs if out not in printed[1:]]


if __name__ == "__main__":
    for path in NOTEBOOKS:
        notebook = executed(path, path.parent)
        tidy(notebook)
        nbformat.write(notebook, path)
