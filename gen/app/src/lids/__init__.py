"""Closed and open lids: the line they meet in, their lashes, and how they part."""
