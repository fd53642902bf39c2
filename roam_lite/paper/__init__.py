"""The paper in numbers: where each equation, figure and table is computed, and what it reports."""
