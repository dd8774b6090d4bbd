"""Measurements that need no assertion: `make bench`."""
