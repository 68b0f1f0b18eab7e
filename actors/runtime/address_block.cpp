#include "actors/runtime/address_block.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace roost {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t v4_prefix_bits = v4_prefix.size() * 8;
constexpr std::size_t all_bits = 128;

numeric_address first_bits(numeric_address address, std::size_t bits) {
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const auto kept = std::clamp<std::size_t>(bits, i * 8, i * 8 + 8) - i * 8;
    address.bytes[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return address;
}

/// The number after the slash: no sign, no leading zero, which some read as octal.
std::optional<std::size_t> parse_prefix(std::string_view text, std::size_t most) {
  std::size_t bits = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, bits);
  if (text.empty() || failed != std::errc{} || rest != end || bits > most ||
      (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  return bits;
}

} // namespace

bool numeric_address::is_v4() const {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin());
}

std::optional<numeric_address> parse_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> zero_ended{};
  // inet_pton reads up to a NUL: "::1\0.evil" must not pass for ::1.
  if (text.size() >= zero_ended.size() || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::copy(text.begin(), text.end(), zero_ended.begin());
  numeric_address address;
  auto* into = address.bytes.data();
  const bool is_v6 = text.find(':') != std::string_view::npos;
  if (!is_v6)
    into = std::copy(v4_prefix.begin(), v4_prefix.end(), into);
  if (inet_pton(is_v6 ? AF_INET6 : AF_INET, zero_ended.data(), into) != 1)
    return std::nullopt;
  return address;
}

std::string to_string(const numeric_address& address) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (address.is_v4())
    inet_ntop(AF_INET, &address.bytes[v4_prefix.size()], out.data(), out.size());
  else
    inet_ntop(AF_INET6, address.bytes.data(), out.data(), out.size());
  return out.data();
}

result<address_block, std::string> address_block::parse(std::string_view text) {
  const auto slash = std::min(text.find('/'), text.size());
  const auto address = parse_address(text.substr(0, slash));
  // The prefix counts in the notation of the address: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const bool is_dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  const auto before = is_dotted ? v4_prefix_bits : 0;
  const auto written = slash == text.size()
                           ? all_bits - before
                           : parse_prefix(text.substr(slash + 1), all_bits - before);
  if (!address || !written)
    return std::string("is not an address or a block like 10.0.0.0/8");
  const auto bits = before + *written;
  const auto network = first_bits(*address, bits);
  if (network != *address)
    return fmt::format("has bits set after its first {}; write {}/{} for the block or {} for the "
                       "one address",
                       *written, to_string(network), bits - (network.is_v4() ? v4_prefix_bits : 0),
                       to_string(*address));
  return address_block(network, bits);
}

bool address_block::contains(const numeric_address& address) const {
  if (address.is_v4() && bits_ < v4_prefix_bits)
    return false;
  return first_bits(address, bits_) == network_;
}

} // namespace roost
