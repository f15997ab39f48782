"""All metadata is in setup.cfg, but for the one thing it cannot say: every file of bin/ is a script."""

from glob import glob

from setuptools import setup

setup(scripts=sorted(glob("bin/*")))
