"""Open a page in the browser on which backprop can be seen and moved.

    python examples/playground.py

Three rooms: draw a digit and see why the network says what it says; move the weights of a network
small enough for a pencil and watch the gradients follow; train a network to draw a boundary. All
numbers on the page come from tinynet, which runs behind it. Nobody but you can reach it.
"""

import argparse
import os
import sys
import webbrowser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).with_name("playground")))

import boundary
import draw
import pencil
import server

from tinynet.support.commands import run, whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    model_help = "a network saved by train_mnist.py (default out/model.npz, or one trained now)"
    add("--model", metavar="FILE", type=Path, help=model_help)
    port_help = "where it listens (default: a free port)"
    add("--port", metavar="N", type=whole(0, 65535), default=0, help=port_help)
    add("--no-browser", dest="browser", action="store_false", help="open no browser")
    options = parser.parse_args()
    usual = Path("out/model.npz")
    reader = draw.Reader(options.model or (usual if usual.exists() else None))
    questions = [reader.training, reader.read, reader.look, reader.nudge]
    questions += [pencil.step, pencil.code, boundary.train]
    try:
        serving = server.Server(options.port, {q.__name__: q for q in questions})
    except OSError as error:
        sys.exit(f"--port {options.port}: {error}")
    try:
        print(f"The playground is at\n\n    {serving.url}\n\nCtrl-C ends it.", flush=True)
        if reader.state["learning"]:
            reader.thread.start()
        if options.browser and has_browser():
            webbrowser.open(serving.url)
        serving.serve_forever()
    except KeyboardInterrupt:
        print("\nThe playground is closed.")
    finally:
        reader.stop()
        serving.server_close()


def has_browser() -> bool:
    """Say whether there is a screen to open a browser on."""
    names = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or any(name in os.environ for name in names)


if __name__ == "__main__":
    run(main)
