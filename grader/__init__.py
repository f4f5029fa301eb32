"""Grading that can be trusted: what a submission is, what crosses from its process to the tests, and how it is run."""
