"""The playground's server, asked by a real HTTP client: every route, bad input, and Ctrl-C."""

import base64
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

import tinynet
from tinynet.layers import Dense

ROOT = Path(__file__).parent.parent
X, T = [[1, 2], [3, 1]], [[0, 1], [1, 0]]
W = [[[1, -1, 0], [0, 1, -1]], [1, 0, 3], [[1, 0], [0, 1], [-1, 1]], [0, 0]]
RMSPROP = {"class_name": "RMSprop", "config": {"learning_rate": 0.1}}
PENCIL = {"x": X, "t": T, "weights": W, "optimizer": RMSPROP}
PLANE: dict[str, Any] = {
    "points": [[0.1, 0.2], [-0.5, 0.3], [0.4, -0.6], [-0.2, -0.7]],
    "labels": [0, 1, 0, 1],
    "units": [8],
    "activation": "tanh",
    "start": "glorot_uniform",
    "optimizer": RMSPROP,
}


def start(*options: str, cwd: Path) -> tuple["subprocess.Popen[str]", urllib.parse.ParseResult]:
    """Start the playground, and return it with its address."""
    command = [sys.executable, str(ROOT / "examples" / "playground.py"), "--no-browser", *options]
    env = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=cwd, env=env, **pipes)
    assert process.stdout is not None
    for line in process.stdout:
        if "http://" in line:
            return process, urllib.parse.urlparse(line.strip())
    raise AssertionError(process.communicate()[1])


def request(
    address: urllib.parse.ParseResult, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address.netloc, timeout=60)
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    found = reply.status, reply.read()
    connection.close()
    return found


def ask(address: urllib.parse.ParseResult, question: str, **values: Any) -> Any:
    status, body = request(address, "POST", address.path + question, json.dumps(values))
    assert status == 200, body
    return json.loads(body)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[urllib.parse.ParseResult]:
    """A playground with an untrained network: quick to start."""
    folder = tmp_path_factory.mktemp("playground")
    model = tinynet.Sequential([Dense(16, "relu", input_shape=(784,)), Dense(10, "softmax")])
    model.save(folder / "small.npz")
    process, found = start("--model", "small.npz", cwd=folder)
    yield found
    process.terminate()
    process.communicate(timeout=30)


def png(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    matplotlib.image.imsave(file, pixels, cmap="gray", vmin=0, vmax=1, format="png")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    "name", ["", "style.css", "page.js", "common.js", "draw.js", "pencil.js", "boundary.js"]
)
def test_the_page_is_there(address: urllib.parse.ParseResult, name: str) -> None:
    status, body = request(address, "GET", address.path + name)
    assert status == 200
    assert body == (ROOT / "examples" / "playground" / (name or "index.html")).read_bytes()
    assert b"http://" not in body.replace(b"http://www.w3.org/2000/svg", b"")
    assert b"https://" not in body


@pytest.mark.parametrize("path", ["/", "/wrong/", "/wrong/step", "/wrong/style.css"])
def test_without_the_token_there_is_nothing(address: urllib.parse.ParseResult, path: str) -> None:
    assert request(address, "GET", path)[0] == 404


@pytest.mark.parametrize("name", ["../playground.py", "server.py", "nothing", "%2e%2e/setup"])
def test_other_files_are_not_served(address: urllib.parse.ParseResult, name: str) -> None:
    assert request(address, "GET", address.path + name)[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1"])
def test_another_host_is_refused(address: urllib.parse.ParseResult, host: str) -> None:
    assert request(address, "GET", address.path, Host=host)[0] == 403


@pytest.mark.parametrize(
    ("method", "name", "status"), [("GET", "step", 405), ("POST", "style.css", 405)]
)
def test_the_wrong_method_is_refused(
    address: urllib.parse.ParseResult, method: str, name: str, status: int
) -> None:
    assert request(address, method, address.path + name, "{}")[0] == status


def test_a_huge_body_is_refused_unread(address: urllib.parse.ParseResult) -> None:
    huge = {"Content-Length": "1000000000000"}
    assert request(address, "POST", address.path + "step", None, **huge)[0] == 413


@pytest.mark.parametrize("body", ["", "{", "[]", '{"x": NaN}', "[" * 50_000, '{"what": 1}', "\xff"])
def test_bad_json_is_an_answer_and_no_end(address: urllib.parse.ParseResult, body: str) -> None:
    status, why = request(address, "POST", address.path + "step", body.encode("latin-1"))
    assert status == 400
    assert json.loads(why)["error"]
    ask(address, "step", **PENCIL)


@pytest.mark.parametrize("change", [{"units": [10**9]}, {"steps": 10**9}, {"activation": "rleu"}])
def test_too_much_work_is_refused(address: urllib.parse.ParseResult, change: Any) -> None:
    status, _ = request(address, "POST", address.path + "train", json.dumps(PLANE | change))
    assert status == 400


def test_the_pencil_network_has_explains_numbers(address: urllib.parse.ParseResult) -> None:
    model = tinynet.Sequential([Dense(3, "relu", input_shape=(2,)), Dense(2, "softmax")])
    model.compile(tinynet.optimizers.RMSprop(0.1), "categorical_crossentropy")
    model.set_weights([np.array(w) for w in W])
    told = tinynet.explain(model, X, T)
    found = ask(address, "step", **PENCIL)
    assert found["loss"] == told.loss
    np.testing.assert_array_equal(found["grads"], told.grads)
    np.testing.assert_array_equal(
        np.concatenate([np.ravel(w) for w in found["next"]["weights"]]), told.new_params
    )
    assert set(ask(address, "code")) >= {"y", "dW", "db", "dx", "rmsprop"}


def test_the_boundary_in_pieces_is_the_same_as_in_one_go(
    address: urllib.parse.ParseResult,
) -> None:
    first = ask(address, "train", **PLANE)
    begin = {key: first[key] for key in ("weights", "memory")}
    whole = ask(address, "train", **PLANE, **begin, steps=6)
    half = ask(address, "train", **PLANE, **begin, steps=3)
    half = {key: half[key] for key in ("weights", "memory")}
    assert ask(address, "train", **PLANE, **half, steps=3) == whole


def test_two_clients_at_once_do_not_meet(address: urllib.parse.ParseResult) -> None:
    alone = ask(address, "step", **PENCIL)
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.extend(ask(address, "step", **PENCIL) for _ in "123"))
        for _ in "12"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 6


def test_the_gradient_of_the_pixels_makes_it_another_digit(
    address: urllib.parse.ParseResult,
) -> None:
    drawing = np.ones((60, 60))
    drawing[10:50, 28:34] = 0
    seen = ask(address, "read", png=png(drawing), target=3)
    assert sum(seen["p"]) == pytest.approx(1, abs=1e-5)
    assert ask(address, "look", image=seen["image"], target=3) == seen
    moved = ask(address, "nudge", image=seen["image"], target=3)
    assert moved["p"][3] > seen["p"][3]


@pytest.mark.parametrize("bad", ["", "AAAA", base64.b64encode(bytes(40)).decode(), "ü"])
def test_what_is_no_drawing_is_refused(address: urllib.parse.ParseResult, bad: str) -> None:
    assert request(address, "POST", address.path + "read", json.dumps({"png": bad}))[0] == 400


def test_it_goes_on_learning_and_answering_when_a_client_stops_in_the_middle(
    tmp_path: Path,
) -> None:
    process, address = start(cwd=tmp_path)
    question = f"POST {address.path}training HTTP/1.1\r\nHost: {address.netloc}\r\n"
    for sent in (question, question + "Content-Length: 2\r\n\r\n{", question + "\r\n"):
        with socket.create_connection((address.hostname or "", address.port or 0)) as line:
            line.sendall(sent.encode())  # and goes away, its question half asked
    with socket.create_connection((address.hostname or "", address.port or 0)) as line:
        line.sendall((question + "Content-Length: 2\r\n\r\n{}").encode())
        assert line.recv(10)  # and goes away in the middle of the answer
    steps = len(ask(address, "training")["loss"])
    deadline = time.monotonic() + 60
    while len(ask(address, "training")["loss"]) <= steps:
        assert time.monotonic() < deadline, "it does not learn any more"
        time.sleep(0.1)
    drawing = np.ones((60, 60))
    drawing[10:50, 28:34] = 0
    assert sum(ask(address, "read", png=png(drawing))["p"]) == pytest.approx(1, abs=1e-5)
    process.terminate()
    assert process.communicate(timeout=30)[1] == ""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
def test_it_trains_and_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    process, address = start(cwd=tmp_path)
    assert ask(address, "training")["learning"]
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=30)
    assert process.returncode == 0
    assert complained == ""
    assert said.endswith("The playground is closed.\n")
