"""The pictures: plain functions from an analysis to a figure."""
