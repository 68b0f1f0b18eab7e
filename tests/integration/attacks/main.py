"""Runs the tests of this folder, those that keep the processor busy beside those that wait, or measures with --report."""
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import suite  # noqa: E402

# These keep the processor busy; all others mostly wait, and do so in a process beside it.
BUSY = ["test_attacks.Floods"]


def classes_in(tests):
    """module.Class of each test, each once."""
    found = {}
    for test in tests:
        names = classes_in(test) if isinstance(test, unittest.TestSuite) else [f"{type(test).__module__}.{type(test).__qualname__}"]
        found.update(dict.fromkeys(names))
    return list(found)


def run_all():
    loader = unittest.TestLoader()
    tests = loader.loadTestsFromNames(suite.modules_of(HERE))
    if loader.errors:
        print("\n".join(loader.errors))
        return 0, len(loader.errors)
    patient = [name for name in classes_in(tests) if name not in BUSY]
    command = [sys.executable, "-B", os.path.join(HERE, "main.py"), *patient]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as beside:
        passed, failed = suite.run(BUSY)
        output, _ = beside.communicate()
    lines = output.rstrip().split("\n")
    print("\n".join(lines[:-1]))
    words = lines[-1].split()
    if len(words) != 4 or words[1] != "passed,":
        print(lines[-1])
        return passed, failed + 1
    return passed + int(words[0]), failed + int(words[2])


if __name__ == "__main__":
    suite.find(HERE)
    if sys.argv[1:2] == ["--report"]:
        import report
        sys.exit(report.main(sys.argv[2:]))
    suite.end(*(suite.run(sys.argv[1:]) if sys.argv[1:] else run_all()))
