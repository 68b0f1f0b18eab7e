"""Runs one folder's tests: suite.py FOLDER [TEST…]. Ends with `N passed, N failed`. Python 3 standard library only."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def modules_of(folder):
    return sorted(name[:-3] for name in os.listdir(folder) if name.startswith("test_") and name.endswith(".py"))


def find(folder):
    """Makes the folder's modules known, and those of the other folders after them: they are its tools."""
    others = sorted(entry.path for entry in os.scandir(HERE) if os.path.exists(os.path.join(entry.path, "run.sh")))
    sys.path[:0] = [folder] + [each for each in others if each != folder]


def run(names):
    """How many tests passed, and how many failed. One that fails in several ways, or also while it cleans up, is one."""
    suite = unittest.TestLoader().loadTestsFromNames(names)  # a name that is none becomes a test that fails
    outcome = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = {str(getattr(test, "test_case", test)) for test, _ in outcome.failures + outcome.errors}
    return max(0, outcome.testsRun - len(failed)), len(failed)


def end(passed, failed):
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    find(os.path.abspath(sys.argv[1]))
    end(*run(sys.argv[2:] or modules_of(sys.argv[1])))
