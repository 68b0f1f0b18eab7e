#pragma once

#include <string_view>

/// One function per attack surface: takes what a stranger could send, and aborts (ROOST_FUZZ_CHECK)
/// when a promise of the parser is broken. The same functions run under libFuzzer (driver.cpp) and
/// over the kept corpus in the ordinary tests (replay_test.cpp).
namespace roost::fuzz {

/// The YAML file, or (first byte odd) arguments and environment separated by NUL bytes.
void config(std::string_view data);
/// A binary WebSocket message.
void frame(std::string_view data);
/// A body of the HTTP API; the first byte chooses the request.
void http_body(std::string_view data);
/// A JSON text frame of a WebSocket client.
void client_message(std::string_view data);
/// What stands in a request's line and headers; the first byte chooses the reader.
void http_head(std::string_view data);
/// What says who the client is; the first byte chooses: a PROXY header, X-Forwarded-For (the peer
/// in the first line, a header in each other), or a block of addresses.
void proxy_header(std::string_view data);
/// A chunk of a recording out of a store. Five bytes say what is told about it (end offset, micro-
/// seconds, events); the sixth chooses: the blob, or the event list in it.
void recording_chunk(std::string_view data);
/// What a program writes to its terminal; the first three bytes choose the size and the cuts.
void terminal_output(std::string_view data);
/// What a helper and its callers do to a circuit breaker: seed and rules, then two bytes for each
/// operation.
void breaker(std::string_view data);

} // namespace roost::fuzz
