"""The studies that come along, one or a few a module."""
