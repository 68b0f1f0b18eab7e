#include "actors/connection/syn_filter.hpp"

#include "actors/connection/client_address.hpp"
#include "actors/runtime/address_block.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace roost::connection {

namespace {

constexpr std::uint32_t drop = 0;
constexpr std::uint32_t pass_whole = std::numeric_limits<std::uint32_t>::max();

// Where things are, from the start of the network header (RFC 791, RFC 8200).
constexpr std::uint32_t network_header = static_cast<std::uint32_t>(SKF_NET_OFF);
constexpr std::uint32_t v4_source = network_header + 12;
constexpr std::uint32_t v6_source_high = network_header + 8;
constexpr std::uint32_t v6_source_low = network_header + 12; // the /64 ends after these four bytes

// A conditional jump reaches 255 instructions, so each comparison has its own `return` beside it;
// only the version's jumps over all of IPv4.
constexpr std::size_t steps_per_v4 = 2;
static_assert(max_filtered_keys * steps_per_v4 + 2 <= std::numeric_limits<std::uint8_t>::max());

sock_filter step(int code, std::uint32_t operand) {
  return {static_cast<std::uint16_t>(code), 0, 0, operand};
}

/// Goes on with the next instruction if A is `value`, else skips some.
sock_filter skip_unless(std::uint32_t value, std::size_t skipped) {
  return {BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<std::uint8_t>(skipped), value};
}

std::uint32_t word_at(const numeric_address& address, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < sizeof word; ++i)
    word = word << 8 | address.bytes[at + i];
  return word;
}

/// The address, or the first of the /64.
std::optional<numeric_address> address_of(const std::string& key) {
  const auto address = parse_address(std::string_view(key).substr(0, key.find('/')));
  // Text that says the same in another way is not a client's key.
  if (!address || client_key(to_string(*address)) != key)
    return std::nullopt;
  return address;
}

} // namespace

std::vector<sock_filter> syn_filter_program(const std::vector<std::string>& keys) {
  std::vector<sock_filter> v4;
  std::vector<sock_filter> v6;
  std::size_t named = 0;
  for (const auto& key : keys) {
    const auto address = named < max_filtered_keys ? address_of(key) : std::nullopt;
    if (!address)
      continue;
    ++named;
    if (address->is_v4()) {
      v4.push_back(skip_unless(word_at(*address, 12), 1));
      v4.push_back(step(BPF_RET | BPF_K, drop));
    } else {
      // A has the high word again at the end; most packets take the first instruction only.
      v6.push_back(skip_unless(word_at(*address, 0), 4));
      v6.push_back(step(BPF_MISC | BPF_TXA, 0));
      v6.push_back(skip_unless(word_at(*address, 4), 1));
      v6.push_back(step(BPF_RET | BPF_K, drop));
      v6.push_back(step(BPF_LD | BPF_MEM, 0));
    }
  }
  if (named == 0)
    return {};

  // A socket for both families gets packets of both, each with its own header.
  std::vector<sock_filter> program = {
      step(BPF_LD | BPF_B | BPF_ABS, network_header),
      step(BPF_ALU | BPF_RSH | BPF_K, 4),
      skip_unless(4, v4.size() + 2),
      step(BPF_LD | BPF_W | BPF_ABS, v4_source),
  };
  program.insert(program.end(), v4.begin(), v4.end());
  program.push_back(step(BPF_RET | BPF_K, pass_whole));
  const std::array<sock_filter, 4> load_v6 = {
      step(BPF_LD | BPF_W | BPF_ABS, v6_source_low),
      step(BPF_MISC | BPF_TAX, 0),
      step(BPF_LD | BPF_W | BPF_ABS, v6_source_high),
      step(BPF_ST, 0),
  };
  program.insert(program.end(), load_v6.begin(), load_v6.end());
  program.insert(program.end(), v6.begin(), v6.end());
  program.push_back(step(BPF_RET | BPF_K, pass_whole));
  return program;
}

bool attach_syn_filter(int listener_fd, const std::vector<std::string>& keys) {
  auto program = syn_filter_program(keys);
  if (program.empty()) {
    const int unused = 0;
    return ::setsockopt(listener_fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) == 0 ||
           errno == ENOENT; // there was none
  }
  const sock_fprog whole = {static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(listener_fd, SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof whole) == 0;
}

} // namespace roost::connection
