"""`import tinynet` costs little more than `import numpy`."""

import subprocess
import sys

SLOW = {"json", "zipfile", "gzip", "pathlib", "difflib", "numpy.random", "matplotlib", "requests"}


def test_import_loads_nothing_slow_besides_numpy():
    code = (
        "import sys, numpy; before = set(sys.modules); import tinynet; "
        "print(*sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "tinynet.models" in loaded
    assert not loaded & SLOW
