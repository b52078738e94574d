"""Marketplaces and their orders."""
