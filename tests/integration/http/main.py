"""Runs the tests of this folder and ends with `N passed, N failed`. Python 3 standard library only."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import roost  # noqa: E402


def main():
    loader = unittest.TestLoader()
    names = sys.argv[1:] or sorted(f[:-3] for f in os.listdir(HERE) if f.startswith("test_") and f.endswith(".py"))
    suite = loader.loadTestsFromNames(names)
    try:
        outcome = unittest.TextTestRunner(verbosity=2).run(suite)
    finally:
        roost.stop_all()
    # A test that fails and whose clean-up fails too is one test.
    failed = {str(test) for test, _ in outcome.failures + outcome.errors}
    wrong = len(failed) + len(loader.errors)
    print(f"{outcome.testsRun - len(failed)} passed, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
