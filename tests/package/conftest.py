"""Settings of all package tests: one thread, no window, repeatable hypothesis examples that leave no files."""

import os
import tempfile

os.environ["MPLBACKEND"] = "Agg"

import hypothesis
import pytest
import torch
from hypothesis.configuration import set_hypothesis_home_dir

torch.set_num_threads(1)
set_hypothesis_home_dir(tempfile.gettempdir() + "/kdtutor-hypothesis")
hypothesis.settings.register_profile("package", deadline=None, database=None, derandomize=True, max_examples=60)
hypothesis.settings.load_profile("package")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    """No test reads or writes the weights kept in the home directory."""
    monkeypatch.setenv("KDTUTOR_CACHE", str(tmp_path / "cache"))
