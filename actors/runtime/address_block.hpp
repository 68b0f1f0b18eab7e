#pragma once

#include "actors/runtime/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roost {

/// An IPv4 or IPv6 address. IPv4 is held as IPv6-mapped (::ffff:0:0/96), so that an address has one
/// form however it was written.
struct numeric_address {
  std::array<std::uint8_t, 16> bytes{}; ///< network byte order

  [[nodiscard]] bool is_v4() const;

  friend bool operator==(const numeric_address&, const numeric_address&) = default;
};

/// Reads `192.0.2.1` or `2001:db8::1`. Nothing for names, brackets, ports, zones (`%eth0`) and
/// numbers in other bases.
std::optional<numeric_address> parse_address(std::string_view text);

/// `192.0.2.1`, also for an address that was written as ::ffff:192.0.2.1; else the canonical form
/// of RFC 5952.
std::string to_string(const numeric_address& address);

/// The addresses that share their first bits: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
/// Immutable, so safe on any thread.
class address_block {
public:
  /// Reads a block. The error is the end of a sentence that starts with the text in quotes ("is not
  /// …"). Bits behind the prefix must be zero: whoever wrote 10.0.0.7/8 meant one of two things.
  static result<address_block, std::string> parse(std::string_view text);

  /// IPv4 is in blocks of IPv4 only: `::/0` is all of IPv6, `0.0.0.0/0` all of IPv4.
  [[nodiscard]] bool contains(const numeric_address& address) const;

private:
  address_block(const numeric_address& network, std::size_t bits)
      : network_(network), bits_(bits) {}

  numeric_address network_;
  std::size_t bits_; ///< of the 128 of the IPv6 form
};

} // namespace roost
