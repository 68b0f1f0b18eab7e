#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roost::connection {

/// The most bytes that a PROXY header may have: its fixed part, and addresses and extensions of one
/// smallest TCP segment (536, RFC 9293), since the specification wants a header to fit into one.
constexpr std::size_t max_proxy_header = 16 + 536;

/// What the first bytes of a connection say about a PROXY header.
struct proxy_header {
  enum class outcome : std::uint8_t {
    need_more, ///< a header so far, its end has not come yet
    bad,       ///< not a header: the connection must be closed
    done,
  };
  outcome is = outcome::need_more;
  std::string_view why;              ///< bad: a clause for the log; points to static text
  std::size_t size = 0;              ///< done: so many bytes are the header
  std::optional<std::string> source; ///< done: the client's numeric address, if the header names
                                     ///< one; without it (a health check) the peer is the client
};

/// Reads a PROXY header, version 2 (proxy-protocol.txt by HAProxy, section 2.2), from all bytes
/// that came so far; they may go on after it. Never needs more than max_proxy_header bytes, looks
/// at the address only when the whole header is there, and passes over extensions unread. An
/// address counts for what its sender is worth: ask trusted_proxies about the peer. Pure, any
/// thread.
proxy_header read_proxy_header(std::string_view bytes);

} // namespace roost::connection
