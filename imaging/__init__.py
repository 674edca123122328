"""Pixels and landmarks that several stages share; needs NumPy (and Pillow, OpenCV or pyvips where said).

Imports `contracts` only. Pictures are RGB arrays of shape (height, width, 3); points are (x, y) in
pixels with centres at integers; left is the viewer's left.
"""
