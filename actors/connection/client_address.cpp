#include "actors/connection/client_address.hpp"

#include "actors/runtime/text_escape.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

namespace roost::connection {

namespace {

constexpr std::size_t network_bytes = 8; // of IPv6: the /64
constexpr std::size_t quoted_limit = 60; // bytes of a bad entry that a message repeats

/// The kernel names the link of a link-local peer; which link does not matter here.
std::string_view without_zone(std::string_view address) {
  return address.substr(0, address.find('%'));
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view spaces = " \t";
  const auto first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(spaces) + 1 - first);
}

/// Takes the last element off a list with commas.
std::string_view take_last(std::string_view& list) {
  const auto comma = list.rfind(',');
  const auto start = comma == std::string_view::npos ? 0 : comma + 1;
  const auto last = trim(list.substr(start));
  list = list.substr(0, start == 0 ? 0 : comma);
  return last;
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, port);
  return !text.empty() && failed == std::errc{} && rest == end;
}

/// `1.2.3.4`, `1.2.3.4:55`, `::1`, `[::1]`, `[::1]:80`.
std::optional<numeric_address> parse_hop(std::string_view text) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos)
      return std::nullopt;
    rest = text.substr(end + 1);
    text = text.substr(1, end - 1);
  } else if (const auto colon = text.find(':'); colon == text.rfind(':')) {
    // One colon comes before a port, more are IPv6.
    const auto end = std::min(colon, text.size());
    rest = text.substr(end);
    text = text.substr(0, end);
  }
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1))))
    return std::nullopt;
  return parse_address(text);
}

} // namespace

std::string client_key(std::string_view address) {
  // IPv4 is short enough for the string itself: no allocation, nothing to parse.
  if (address.find(':') == std::string_view::npos)
    return std::string(address);
  auto network = parse_address(without_zone(address));
  if (!network)
    return std::string(address);
  if (network->is_v4())
    return to_string(*network);
  std::fill(network->bytes.begin() + network_bytes, network->bytes.end(), std::uint8_t{0});
  return to_string(*network) + "/64";
}

result<trusted_proxies> trusted_proxies::make(const std::vector<std::string>& blocks) {
  trusted_proxies made;
  for (const auto& text : blocks) {
    const auto block = address_block::parse(text);
    if (!block) {
      std::string message = "connections.trusted_proxies: '";
      append_visible(message, utf8_prefix(text, quoted_limit));
      return failure(setup_error::bad_configuration, message + "' " + block.error());
    }
    made.blocks_.push_back(*block);
  }
  return made;
}

bool trusted_proxies::trusts(const numeric_address& address) const {
  return std::any_of(blocks_.begin(), blocks_.end(),
                     [&](const address_block& block) { return block.contains(address); });
}

bool trusted_proxies::trusts(std::string_view address) const {
  if (blocks_.empty())
    return false;
  const auto parsed = parse_address(without_zone(address));
  return parsed && trusts(*parsed);
}

std::string
trusted_proxies::client_of(std::string_view peer,
                           const std::vector<std::pair<std::string, std::string>>& headers) const {
  std::string client(peer);
  if (!trusts(peer))
    return client;
  std::size_t hops = 0;
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (header->first != "x-forwarded-for")
      continue;
    for (std::string_view rest = header->second; !rest.empty();) {
      const auto entry = take_last(rest);
      if (entry.empty())
        continue;
      const auto hop = parse_hop(entry);
      if (!hop || ++hops > max_hops)
        return client;
      client = to_string(*hop);
      if (!trusts(*hop))
        return client;
    }
  }
  return client;
}

} // namespace roost::connection
