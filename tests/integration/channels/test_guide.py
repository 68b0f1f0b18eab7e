"""docs/guides/channels.md, as somebody would follow it."""
import os
import re
import shutil
import unittest

from roost import wait_until
from test_contract import own

GUIDES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "docs", "guides")


def blocks(language):
    with open(os.path.join(GUIDES, "channels.md"), encoding="utf-8") as file:
        return re.findall(rf"```{language}\n(.*?)```", file.read(), re.DOTALL)


def channels_of(block):
    """{"name": its configuration as a flow mapping's inside}, from the guide's YAML of one channel."""
    name = re.search(r"^  (\S+):\n", block, re.MULTILINE).group(1)
    lines = [line.split("  #")[0].split(" # ")[0].strip() for line in block.splitlines()[2:]]
    return {name: ", ".join(line for line in lines if line)}


class Guide(unittest.TestCase):
    def start(self):
        node = own(self, {})
        for name in ("helper.py", "policy.py", "rules.json"):
            shutil.copy(os.path.join(GUIDES, "channels", name), node.folder)
        return node

    def test_the_first_helper(self):
        node = self.start()
        with open(os.path.join(node.folder, "echo.py"), "w", encoding="utf-8") as file:
            file.write(blocks("python")[0])
        node.reload(channels_of(blocks("yaml")[0]))
        wait_until(lambda: node.ask("echo", params={"hello": "world"}).status == 200, "the channel is there")
        self.assertEqual(node.ask("echo", params={"hello": "world"}).json()["value"], {"you said": {"hello": "world"}})

    def test_the_policy(self):
        node = self.start()
        node.reload(channels_of(blocks("yaml")[1]))
        ask = lambda tool, **given: node.ask("policy", "decide", {"tool": tool, "input": given}).json()
        wait_until(lambda: ask("Read").get("value", {}).get("decision") == "allow", "the channel is there")
        self.assertEqual(ask("Bash", command="rm -rf /")["value"]["decision"], "deny")
        self.assertEqual(ask("Bash", command="git status")["value"]["decision"], "allow")
        self.assertEqual(ask("Bash", command="make")["value"], {"decision": "ask", "reason": "no rule fits"})
        # The caller's own mistakes are said to be that, and do not count.
        for _ in range(10):
            wrong = node.ask("policy", "decide", [1])
            self.assertEqual((wrong.status, wrong.json()["reason"], wrong.json()["helper_code"]), (502, "helper_error", -32602))
        self.assertEqual(node.ask("policy", "nothing").json()["helper_code"], -32601)
        self.assertEqual(node.channel("policy")["state"], "closed")
        # Its rules are read anew when they change.
        with open(os.path.join(node.folder, "rules.json"), "w", encoding="utf-8") as file:
            file.write('[{"decision": "deny", "reason": "holiday"}]')
        wait_until(lambda: ask("Read")["value"]["reason"] == "holiday", "the new rules")
        # Without it a person decides.
        os.kill(node.channel("policy")["transport"]["pid"], 9)
        os.rename(os.path.join(node.folder, "policy.py"), os.path.join(node.folder, "gone.py"))
        wait_until(lambda: ask("Read")["degraded"], "it is gone")
        self.assertEqual(ask("Read")["value"], {"decision": "ask"})

    def test_thirty_lines(self):
        with open(os.path.join(GUIDES, "channels", "helper.py"), encoding="utf-8") as file:
            self.assertLessEqual(len([line for line in file if line.strip()]), 30)


if __name__ == "__main__":
    unittest.main()
