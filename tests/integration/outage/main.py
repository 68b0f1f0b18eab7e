"""Runs the tests of this folder, or one long schedule, or measures echoes."""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import suite  # noqa: E402

if __name__ == "__main__":
    suite.find(HERE)
    if not sys.argv[1:2] or not sys.argv[1].startswith("-"):
        suite.end(*suite.run(sys.argv[1:] or suite.modules_of(HERE)))
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("--minutes", type=float, help="of outages, one after the other")
    parser.add_argument("--echo", action="store_true", help="measure echoes")
    parser.add_argument("--rounds", type=int, default=5, help="of --echo")
    options = parser.parse_args()
    if options.echo:
        import echoes
        sys.exit(echoes.main(options.rounds))
    if options.minutes is None:
        parser.error("--minutes or --echo")
    import schedule
    sys.exit(schedule.main(options.minutes))
