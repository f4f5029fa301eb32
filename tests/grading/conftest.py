"""What several tests of grading share."""

import pytest

from grader import sandbox


@pytest.fixture(scope="session")
def needs_a_sandbox():
    try:
        with sandbox.Box() as box:
            box.open().close()
    except sandbox.NoSandboxError as error:
        pytest.skip(f"the sandbox was not tested: {error}")
