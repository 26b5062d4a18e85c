"""Tests of a night in the formats of others."""
