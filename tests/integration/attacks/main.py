"""Runs the tests of this folder and ends with `N passed, N failed`, or measures with --report. Python 3 standard library only."""
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "../http"))  # the server of the tests' own, and the WebSocket client
sys.path.insert(0, os.path.join(HERE, "../leaks"))  # what a process holds

# These keep the processor busy; all others mostly wait, and do so in a process beside it.
BUSY = ["test_attacks.Floods"]


def load(names):
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names or sorted(f[:-3] for f in os.listdir(HERE) if f.startswith("test_") and f.endswith(".py")))
    return suite, loader.errors


def classes_in(suite):
    """module.Class of each test, each once."""
    found = {}
    for test in suite:
        names = classes_in(test) if isinstance(test, unittest.TestSuite) else [f"{type(test).__module__}.{type(test).__qualname__}"]
        found.update(dict.fromkeys(names))
    return list(found)


def run(names):
    suite, errors = load(names)
    outcome = unittest.TextTestRunner(verbosity=2).run(suite)
    # A test that fails in several ways is one test.
    failed = {str(getattr(test, "test_case", test)) for test, _ in outcome.failures + outcome.errors}
    return outcome.testsRun - len(failed), len(failed) + len(errors)


def run_all():
    suite, errors = load([])
    if errors:
        print("\n".join(errors))
        return 0, len(errors)
    patient = [name for name in classes_in(suite) if name not in BUSY]
    command = [sys.executable, "-B", os.path.join(HERE, "main.py"), *patient]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as beside:
        passed, failed = run(BUSY)
        output, _ = beside.communicate()
    lines = output.rstrip().split("\n")
    print("\n".join(lines[:-1]))
    words = lines[-1].split()
    if len(words) != 4 or words[1] != "passed,":
        print(lines[-1])
        return passed, failed + 1
    return passed + int(words[0]), failed + int(words[2])


def main():
    if sys.argv[1:2] == ["--report"]:
        import report
        return report.main(sys.argv[2:])
    passed, failed = run(sys.argv[1:]) if sys.argv[1:] else run_all()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
