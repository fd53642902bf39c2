"""Figures and tables of the paper, all in one style."""
