#pragma once

#include "actors/runtime/address_block.hpp"
#include "actors/runtime/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::connection {

/// What counts as one client: an IPv4 address, or the /64 of an IPv6 address, since one customer
/// gets at least that many. IPv4 mapped into IPv6 counts as IPv4, a zone (`%eth0`) not at all.
/// Other text is its own key.
std::string client_key(std::string_view address);

/// The proxies whose word about a client's address counts (`connections.trusted_proxies`), and how
/// to read that word. Immutable after creation, so safe on any thread.
class trusted_proxies {
public:
  /// How many hops of X-Forwarded-For are looked at, from the right.
  static constexpr std::size_t max_hops = 64;

  /// Trusts nobody.
  trusted_proxies() = default;

  /// Each entry is an address or a block (address_block). A bad one is
  /// setup_error::bad_configuration and named with the key.
  static result<trusted_proxies> make(const std::vector<std::string>& blocks);

  /// Whether a numeric address, as the kernel or a PROXY header tells it, is one of the proxies.
  [[nodiscard]] bool trusts(std::string_view address) const;

  /// Who the client behind `peer` is. An untrusted peer is the client itself, whatever it sends
  /// (WS-10). Else all X-Forwarded-For headers are one list, read from the right, where each proxy
  /// wrote whom *it* saw: the first address that is not a proxy's is the client, and what stands
  /// left of it is the client's own text, never looked at. Text that is no address ends the walk at
  /// the hop before it; when all are proxies, the leftmost counts. Empty elements do not
  /// (RFC 9110, 5.6.1.2). A port, brackets and spaces around an address are fine.
  /// @param headers names in lower case, in order.
  /// @return `peer` as it was given, or an address as to_string(numeric_address) writes it.
  [[nodiscard]] std::string
  client_of(std::string_view peer,
            const std::vector<std::pair<std::string, std::string>>& headers) const;

private:
  [[nodiscard]] bool trusts(const numeric_address& address) const;

  std::vector<address_block> blocks_;
};

} // namespace roost::connection
