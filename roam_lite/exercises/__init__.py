"""Exercises of the course that check themselves: `check("05.2", my_function)`."""

from roam_lite.exercises.catalog import EXERCISES, check
from roam_lite.exercises.judge import Verdict, judge

__all__ = ["EXERCISES", "Verdict", "check", "judge"]
