#!/usr/bin/env python3
"""Writes the golden frames of roost.v1 into this folder: NAME.bin (the message) and NAME.json.

{"kind", "stream", "offset"?, "reason"?, "bytes_hex"?} is what NAME.bin decodes to and is encoded from;
{"error"} names the decode status of a message that must be refused. The C++ codec and the web client's
are both tested against these files, so they are only changed together with the protocol.
"""
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
MAX_STREAM = 2**32 - 1
MAX_OFFSET = 2**53 - 1  # offsets stay exact in a double
REASONS = ["first_attach", "delta_gone", "fell_behind", "epoch_changed", "refresh"]

UTF8_CUT = "grün".encode()[:3]  # ends inside a character: frames are cut anywhere
ESCAPE_CUT = b"\x1b[38;5;2"
ALL_BYTES = bytes(range(256))
SCREEN = b"\x1b[?1049h\x1b[H\x1b[2J\x1b[1;32mready\x1b[m\x1b[3;7H"


def output(stream, offset, payload):
    return struct.pack(">BIQ", 0x01, stream, offset) + payload


def snapshot(stream, offset, reason, payload):
    return struct.pack(">BIQB", 0x02, stream, offset, reason) + payload


def input_frame(stream, payload):
    return struct.pack(">BI", 0x10, stream) + payload


def ack(stream, offset):
    return struct.pack(">BIQ", 0x11, stream, offset)


def write(name, message, description):
    (HERE / f"{name}.bin").write_bytes(message)
    (HERE / f"{name}.json").write_text(json.dumps(description, indent=2) + "\n")


def good_output(name, stream, offset, payload):
    description = {"kind": "output", "stream": stream, "offset": offset, "bytes_hex": payload.hex()}
    write(name, output(stream, offset, payload), description)


def good_snapshot(name, stream, offset, reason, payload):
    description = {
        "kind": "snapshot",
        "stream": stream,
        "offset": offset,
        "reason": REASONS[reason],
        "bytes_hex": payload.hex(),
    }
    write(name, snapshot(stream, offset, reason, payload), description)


def good_input(name, stream, payload):
    description = {"kind": "input", "stream": stream, "bytes_hex": payload.hex()}
    write(name, input_frame(stream, payload), description)


def good_ack(name, stream, offset):
    write(name, ack(stream, offset), {"kind": "ack", "stream": stream, "offset": offset})


good_output("output", 1, 4096, b"hello\r\n")
good_output("output_empty", 0, 0, b"")
good_output("output_max", MAX_STREAM, MAX_OFFSET, b"x")
good_output("output_cut_utf8", 7, 2**32, UTF8_CUT)
good_output("output_cut_escape", 7, 2**32 + len(UTF8_CUT), ESCAPE_CUT)
good_output("output_all_bytes", 2, 258, ALL_BYTES)
for number, reason_name in enumerate(REASONS):
    good_snapshot(f"snapshot_{reason_name}", 3, 1_000_000 + number, number, SCREEN)
good_snapshot("snapshot_empty", 0, 0, 0, b"")
good_snapshot("snapshot_max", MAX_STREAM, MAX_OFFSET, 4, b"\x00")
good_input("input", 1, b"ls -l\r")
good_input("input_empty", 0, b"")
good_input("input_max", MAX_STREAM, ALL_BYTES)
good_ack("ack", 1, 131072)
good_ack("ack_zero", 0, 0)
good_ack("ack_max", MAX_STREAM, MAX_OFFSET)

write("bad_empty", b"", {"error": "empty"})
write("bad_kind", b"\x7f" + bytes(20), {"error": "unknown_kind"})
write("bad_output_short", output(1, 2, b"")[:-1], {"error": "too_short"})
write("bad_snapshot_short", snapshot(1, 2, 0, b"")[:-1], {"error": "too_short"})
write("bad_input_short", input_frame(1, b"")[:-1], {"error": "too_short"})
write("bad_ack_short", ack(1, 2)[:-1], {"error": "too_short"})
write("bad_ack_long", ack(1, 2) + b"\x00", {"error": "too_long"})
write("bad_snapshot_reason", snapshot(1, 2, 5, b"abc"), {"error": "bad_reason"})
write("bad_output_offset", output(1, MAX_OFFSET + 1, b"abc"), {"error": "bad_offset"})
write("bad_ack_offset", ack(1, 2**64 - 1), {"error": "bad_offset"})
