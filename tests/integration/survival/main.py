"""Runs the tests of this folder and ends with `N passed, N failed`. Python 3 standard library only."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
# The server and the WebSocket client, the client `roost`, the keeper's protocol, and what /proc tells.
sys.path[:0] = [HERE] + [os.path.join(os.path.dirname(HERE), name) for name in ("http", "cli", "keeper", "leaks")]

import node  # noqa: E402


def main():
    loader = unittest.TestLoader()
    names = sys.argv[1:] or sorted(f[:-3] for f in os.listdir(HERE) if f.startswith("test_") and f.endswith(".py"))
    suite = loader.loadTestsFromNames(names)
    try:
        outcome = unittest.TextTestRunner(verbosity=2).run(suite)
    finally:
        node.stop_all()
    # A test may fail twice: in itself and while it cleans up.
    wrong = {str(test) for test, _ in outcome.failures + outcome.errors} | set(loader.errors)
    print(f"{max(0, outcome.testsRun - len(wrong))} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
