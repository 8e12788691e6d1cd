"""Where the time of the run of the sample goes; a process of its own."""

from __future__ import annotations

import tempfile

from bench.profiles import costs
from bench.timing import say

import stemgeo as sg

if __name__ == "__main__":
    study = sg.sample()
    sg.run(study)  # compiles and fills the cache
    with tempfile.TemporaryDirectory() as folder:
        say({"costs": costs(lambda: sg.run(study).write(folder))[:6]})
