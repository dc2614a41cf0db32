"""Measure what each distortion of examples/elastic.py brings, and draw it, for docs/elastic.md.

    python docs/make_elastic.py            on mnist-10k, in a few minutes
    python docs/make_elastic.py --full     on all of MNIST, in hours

It writes distorted.png, and prints a table: a row for each kind of distortion, the share of test
images that are read, their mean over the seeds and each of them.
"""

import argparse
import importlib.util
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent


def example() -> Any:
    """Import examples/elastic.py."""
    spec = importlib.util.spec_from_file_location(
        "elastic", HERE.parent / "examples" / "elastic.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what each distortion brings.")
    add = parser.add_argument
    add("--full", action="store_true", help="on all of MNIST, not on mnist-10k")
    add("--data-dir", metavar="DIR", type=Path, help="where the set's four files are")
    add("--seeds", metavar="N", type=int, default=3, help="how many trainings each (default 3)")
    add("--epochs", metavar="N", type=int, help="rounds (default: the example's)")
    add("--out", metavar="DIR", type=Path, default=HERE / "elastic", help="where the picture goes")
    options = parser.parse_args()

    elastic = example()
    (x, y), (x_test, y_test) = elastic.load_data(options.data_dir, quick=not options.full)
    options.out.mkdir(parents=True, exist_ok=True)
    drawn = elastic.picture(x[:12], np.random.default_rng(0))
    drawn.savefig(options.out / "distorted.png", dpi=110, metadata={"Software": None})

    settings = elastic.FULL if options.full else elastic.QUICK
    settings = replace(settings, epochs=options.epochs or settings.epochs)
    print("| distortions | right, mean | each seed | seconds a training |\n|---|---:|---|---:|")
    for kind in elastic.KINDS:
        rights, start = [], time.perf_counter()
        for seed in range(options.seeds):
            model = elastic.train(x, y, kind, settings, seed)
            p = model.predict(elastic.plain(x_test), verbose=0)
            rights.append(100 * float(np.mean(p.argmax(axis=1) == y_test)))
        seconds = (time.perf_counter() - start) / options.seeds
        each = ", ".join(f"{right:.2f}" for right in rights)
        print(f"| {kind} | {np.mean(rights):.2f} % | {each} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
