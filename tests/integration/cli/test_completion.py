"""The completion scripts, executed by the shells they are for."""
import os
import shutil
import subprocess
import tempfile
import unittest

from client import environment, new, program, run
from roost import shared


class Completion(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.symlink(program(), os.path.join(self.folder.name, "roost"))
        self.path = self.folder.name + ":" + os.environ["PATH"]

    def tearDown(self):
        self.folder.cleanup()
        shared().clear()

    def script(self, shell):
        done = run("completion", shell)
        self.assertEqual(done.status, 0, done)
        path = os.path.join(self.folder.name, "script." + shell)
        with open(path, "w", encoding="utf-8") as file:
            file.write(done.out)
        return path

    def shell(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=self.folder.name,
                              env=environment(shared(), PATH=self.path, HOME=self.folder.name))
        self.assertEqual(done.stderr, "", done)
        return done.stdout.split()

    def bash(self, *words):
        line = " ".join(f"'{w}'" for w in ("roost", *words))
        return self.shell("bash", "--norc", "-c", f"source {self.script('bash')}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _roost;"
                          " printf '%s\\n' \"${COMPREPLY[@]}\"")

    def test_bash(self):
        self.assertEqual(self.bash("sc"), ["screen"])
        self.assertEqual(self.bash("sea"), ["search"])
        self.assertIn("attach", self.bash(""))
        self.assertEqual(self.bash("token", "re"), ["revoke"])
        self.assertEqual(self.bash("--server", "x", "out"), ["output"])
        self.assertEqual(self.bash("send", "--no-e"), ["--no-enter"])
        self.assertIn("--json", self.bash("ls", "--"))
        self.assertEqual(self.bash("completion", "z"), ["zsh"])
        self.assertEqual(self.bash("token", "create", "--role", "op"), ["operator"])
        self.assertEqual(self.bash("new", "--sandbox", "works"), ["workspace"])
        self.assertEqual(self.bash("new", "--restart", ""), ["never", "on-failure", "always"])
        self.assertEqual(self.bash("set", "x", "--size-policy", "la"), ["latest", "largest"])
        self.assertEqual(self.bash("channels", "ov"), ["override"])
        self.assertIn("--reason", self.bash("channels", "override", "x", "--"))
        self.assertEqual(self.bash("call", "--met"), ["--method"])
        name = new("cat")
        self.assertEqual(self.bash("attach", name[:2]), [name])
        self.assertEqual(self.bash("search", "word", "--session", name[:2]), [name])

    def test_fish(self):
        self.assertIsNotNone(shutil.which("fish"), "install fish")
        path = self.script("fish")
        complete = lambda line: [w for w in self.shell("fish", "--no-config", "-c", f"source {path}; complete -C '{line}' | cut -f1")]
        self.assertEqual(complete("roost sc"), ["screen"])
        self.assertEqual(complete("roost token re"), ["revoke"])
        self.assertIn("--no-enter", complete("roost send --"))
        self.assertIn("--server", complete("roost ls --"))
        self.assertEqual(complete("roost token create --role op"), ["operator"])
        self.assertEqual(complete("roost new --sandbox works"), ["workspace"])
        self.assertEqual(sorted(complete("roost set x --restart ")), ["always", "never", "on-failure"])
        self.assertEqual(complete("roost channels ov"), ["override"])
        self.assertIn("--reason", complete("roost channels override x --"))
        self.assertNotIn("--reason", complete("roost channels --"))
        name = new("cat")
        self.assertEqual(complete("roost attach " + name[:2]), [name])

    def test_zsh(self):
        self.assertIsNotNone(shutil.which("zsh"), "install zsh")
        path = self.script("zsh")
        name = new("cat")
        # zsh completes in its line editor only, so it gets a terminal of its own (zpty) and a Tab.
        driver = os.path.join(self.folder.name, "driver.zsh")
        with open(driver, "w", encoding="utf-8") as file:
            file.write(r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; stty -echo; autoload -Uz compinit; compinit -u -D; source """ + path + r"""; zstyle ":completion:*" list-prompt ""; setopt nobeep; bindkey "^I" complete-word; print READY$((1))'
local text= piece
while [[ $text != *READY1* ]]; do zpty -r shell piece || exit 1; text+=$piece; done
zpty -w -n shell "$1"$'\t'$'\C-a'"print -r -- '<"$'\C-e'">'"$'\n'
text=
while [[ $text != *'<roost'*'>'[[:space:]]* ]]; do zpty -r shell piece || exit 1; text+=$piece; done
print -r -- "$text"
zpty -d shell
""")
        for line, expected in (("roost sc", "roost screen"), ("roost token re", "roost token revoke"), ("roost send --no-e", "roost send --no-enter"),
                               ("roost attach " + name[:2], "roost attach " + name), ("roost completion z", "roost completion zsh"),
                               ("roost new --restart on", "roost new --restart on-failure"), ("roost channels ov", "roost channels override"),
                               ("roost channels override x metr", "roost channels override x metrics-only"),
                               ("roost channels --qu", "roost channels --quiet"), ("roost token create --lab", "roost token create --label")):
            done = subprocess.run(["zsh", "-f", driver, line], capture_output=True, text=True, timeout=60, cwd=self.folder.name,
                                  env=environment(shared(), PATH=self.path, HOME=self.folder.name))
            self.assertIn(expected, done.stdout, (line, done))


if __name__ == "__main__":
    unittest.main()
