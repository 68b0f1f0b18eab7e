"""`roost` in the background, which waits for something over servers that come and go."""
import subprocess

import client
import process
from roost import wait_until


class Asking:
    """For a test case with a `node`."""

    def ask(self, *words):
        """`roost WORDS…` in the background, which waits."""
        asked = subprocess.Popen([client.program(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=client.environment(self.node))
        for clean_up in (asked.stdout.close, asked.stderr.close, asked.wait, asked.kill):
            self.addCleanup(clean_up)
        return asked

    def is_asked(self, asked):
        """Until the server has the question: looking up the session takes milliseconds, so a connection that stays open is the one that waits."""
        seen = []

        def stays():
            seen.append([t for t in process.descriptors(asked.pid) if t.startswith("socket:")])
            return len(seen) > 20 and seen[-1] and all(each == seen[-1] for each in seen[-20:])
        wait_until(stays, "the question has arrived")

    @staticmethod
    def answered(asked, seconds=30):
        out, err = asked.communicate(timeout=seconds)
        return asked.returncode, out.decode(), err.decode()
