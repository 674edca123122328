"""Photos that only cameras and phones write: HEIC and camera raw, developed into PNGs that stages read.

Its modules need pillow-heif and rawpy besides what all of `imaging` needs: the optional environment
`orch/environments/camera.json`.
"""
