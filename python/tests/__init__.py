"""Tests of sinter_xla: `python -m unittest` in the folder above. They run on eight devices of one processor."""

import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
os.environ["JAX_PLATFORMS"] = "cpu"
