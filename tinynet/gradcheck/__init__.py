"""Is backward right? Every derivative against measured slopes.

check.py        check_gradients: who is asked, and the report
slopes.py       one layer, loss or penalty alone: its slopes, by backward and by differences
causes.py       a wrong gradient: which well-known mistake gives just these numbers?
suspicions.py   what no gradient tells: weights that are not declared, slopes no input reached
"""

from tinynet.gradcheck.check import Report, check_gradients

__all__ = ["Report", "check_gradients"]
