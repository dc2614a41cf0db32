"""What pytest leaves out where it can't be imported."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("sklearn") else ["tinynet/wrappers.py"]
