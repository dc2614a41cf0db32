"""The tests on every Python that is found, with the oldest and newest NumPy and matplotlib.

pip install nox
nox                 all of it: half an hour
nox -s tests-3.13   on one Python, with the newest NumPy and matplotlib
nox -s package      build, check what was built, and run the tests of the sdist
"""

from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["style", "types", "package", "oldest", "tests"]

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
OLDEST = ["numpy==2.0.0", "matplotlib==3.8.4"]
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # on a busy machine they wait for each other


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests with the newest NumPy and matplotlib."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", *session.posargs, env=ONE_THREAD)


@nox.session(python=["3.10", "3.12"])
def oldest(session: nox.Session) -> None:
    """Run the tests with the oldest that pyproject.toml allows."""
    session.install("-e", ".[test]", *OLDEST)
    session.run("python", "-m", "pytest", "-q", *session.posargs, env=ONE_THREAD)


@nox.session
def style(session: nox.Session) -> None:
    """Run ruff and mypy."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", "tests/test_style.py")


@nox.session
def types(session: nox.Session) -> None:
    """Let mypy and pyright look at a user's script, and pyright at all public names."""
    session.install(".[test]", "pyright")
    session.run("python", "-m", "pytest", "-q", "tests/test_types.py")
    session.chdir(session.create_tmp())  # where only the installed package is found
    session.run("pyright", "--verifytypes", "tinynet", "--ignoreexternal", success_codes=[0, 1])


@nox.session
def package(session: nox.Session) -> None:
    """Build both, check them, train from the wheel in an empty folder, test the sdist."""
    session.install("build", "twine", "check-wheel-contents")
    folder = Path(session.create_tmp()).resolve()
    session.run("python", "-m", "build", "--outdir", str(folder))
    wheel, sdist = sorted(folder.glob("*.whl"))[-1], sorted(folder.glob("*.tar.gz"))[-1]
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    session.run("check-wheel-contents", str(wheel))
    session.install(f"{wheel}[test]")
    session.chdir(folder)
    session.run("python", "-m", "tinynet")
    session.run("python", "-m", "tinynet.datasets")
    session.run("python", "-m", "tarfile", "-e", str(sdist), str(folder))
    session.chdir(folder / sdist.name.removesuffix(".tar.gz"))
    session.run("python", "-m", "pytest", "-q", "-m", "not slow", *session.posargs, env=ONE_THREAD)
