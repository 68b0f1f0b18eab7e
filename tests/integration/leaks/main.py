"""Runs the tests of this folder and ends with `N passed, N failed`. Python 3 standard library only."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "../http"))  # the server of the tests' own, and the WebSocket client


def main():
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(sys.argv[1:] or ["test_leaks"])
    outcome = unittest.TextTestRunner(verbosity=2).run(suite)
    wrong = len(outcome.failures) + len(outcome.errors) + len(loader.errors)
    print(f"{outcome.testsRun - len(outcome.failures) - len(outcome.errors)} passed, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
