#!/usr/bin/env python3
"""Decides what an agent's tools may do: `policy.py RULES.json`. Method `decide`, params {"tool": …, "input": …}, answers {"decision": "allow"|"deny"|"ask",
"reason": …}. The first rule that fits decides; without one it is "ask". The file is read anew when it has changed."""
import json
import os
import re
import sys

from helper import Refused, serve

PATH = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules.json")
loaded = {"at": None, "rules": []}


def rules():
    at = os.stat(PATH).st_mtime_ns
    if at != loaded["at"]:
        with open(PATH, encoding="utf-8") as file:
            loaded.update(rules=json.load(file), at=at)
        print(f"{len(loaded['rules'])} rules", file=sys.stderr)  # goes to the server's log
    return loaded["rules"]


def decide(params):
    if not isinstance(params, dict) or not isinstance(params.get("tool"), str):
        raise Refused("params: expected an object with a tool")
    text = json.dumps(params.get("input"), ensure_ascii=False)
    for rule in rules():
        if re.fullmatch(rule.get("tool", ".*"), params["tool"]) and re.search(rule.get("input", ""), text):
            return {"decision": rule["decision"], "reason": rule.get("reason", "")}
    return {"decision": "ask", "reason": "no rule fits"}


if __name__ == "__main__":
    serve({"decide": decide})
