#include "actors/connection/syn_filter.hpp"

#include "actors/connection/client_address.hpp"
#include "actors/connection/listener.hpp"
#include "actors/runtime/address_block.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/connection/loopback_socket.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>

namespace roost::connection {
namespace {

using test::accept_from;
using test::carries;
using test::loopback_socket;
using test::may_filter;
using test::owned_fd;
using keys = std::vector<std::string>;

/// A listening socket; nothing where the machine lacks the address's family.
struct doorway {
  explicit doorway(const char* host) {
    if (const auto fds = listen_tcp({host, 0})) {
      fd = owned_fd(fds->front());
      port = local_port(fd.get());
    }
  }
  [[nodiscard]] bool filter(const keys& banned) const {
    return attach_syn_filter(fd.get(), banned);
  }

  owned_fd fd;
  std::uint16_t port = 0;
};

TEST(syn_filter, a_named_client_cannot_connect_until_the_filter_goes) {
  if (!may_filter())
    return; // see without_the_right_to_filter_nothing_changes
  const doorway door("127.0.0.1");
  ASSERT_TRUE(door.filter({"127.0.0.66"}));
  EXPECT_TRUE(loopback_socket("127.0.0.66", "127.0.0.1", door.port).is_dropped());
  EXPECT_TRUE(loopback_socket("127.0.0.1", "127.0.0.1", door.port).is_connected());
  EXPECT_TRUE(loopback_socket("127.0.0.67", "127.0.0.1", door.port).is_connected());
  ASSERT_TRUE(door.filter({}));
  EXPECT_TRUE(loopback_socket("127.0.0.66", "127.0.0.1", door.port).is_connected());
  EXPECT_TRUE(door.filter({})) << "no filter to take off is fine";
}

TEST(syn_filter, connections_from_before_a_ban_go_on) {
  if (!may_filter())
    return; // see without_the_right_to_filter_nothing_changes
  const doorway door("127.0.0.1");
  const loopback_socket early("127.0.0.66", "127.0.0.1", door.port);
  const auto early_end = accept_from(door.fd.get());
  const loopback_socket waiting("127.0.0.66", "127.0.0.1", door.port);
  ASSERT_TRUE(waiting.is_connected());
  ASSERT_TRUE(door.filter({"127.0.0.66"}));
  const auto waiting_end = accept_from(door.fd.get());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(carries(early.fd(), early_end.get()));
    EXPECT_TRUE(carries(early_end.get(), early.fd()));
    EXPECT_TRUE(carries(waiting.fd(), waiting_end.get())) << "was in the queue of accept";
  }
}

// An accepted socket has the filter that the listener had: it names others, then and later.
TEST(syn_filter, connections_from_during_a_ban_work_whoever_is_banned_later) {
  if (!may_filter())
    return; // see without_the_right_to_filter_nothing_changes
  const doorway door("127.0.0.1");
  ASSERT_TRUE(door.filter({"127.0.0.66"}));
  const loopback_socket other("127.0.0.1", "127.0.0.1", door.port);
  const auto other_end = accept_from(door.fd.get());
  EXPECT_TRUE(carries(other.fd(), other_end.get()));
  ASSERT_TRUE(door.filter({"127.0.0.66", "127.0.0.1"}));
  EXPECT_TRUE(loopback_socket("127.0.0.1", "127.0.0.1", door.port).is_dropped());
  EXPECT_TRUE(carries(other.fd(), other_end.get()));
  EXPECT_TRUE(carries(other_end.get(), other.fd()));
  ASSERT_TRUE(door.filter({"127.0.0.1"}));
  EXPECT_TRUE(loopback_socket("127.0.0.66", "127.0.0.1", door.port).is_connected());
}

TEST(syn_filter, works_with_ipv6_and_with_both_families_on_one_socket) {
  if (!may_filter())
    return; // see without_the_right_to_filter_nothing_changes
  const doorway v6("::1");
  if (v6.port != 0) { // else this machine has no IPv6, which listener_test shows
    ASSERT_TRUE(v6.filter({"127.0.0.1", "::/64"}));
    EXPECT_TRUE(loopback_socket("::1", "::1", v6.port).is_dropped());
    ASSERT_TRUE(v6.filter({"127.0.0.1", "0:1::/64", "0:0:0:1::/64", "2001:db8::/64"}));
    EXPECT_TRUE(loopback_socket("::1", "::1", v6.port).is_connected());
  }
  const doorway both("::");
  if (both.port != 0) {
    ASSERT_TRUE(both.filter({"127.0.0.66", "2001:db8::/64"}));
    EXPECT_TRUE(loopback_socket("127.0.0.66", "127.0.0.1", both.port).is_dropped());
    EXPECT_TRUE(loopback_socket("127.0.0.1", "127.0.0.1", both.port).is_connected());
    EXPECT_TRUE(loopback_socket("::1", "::1", both.port).is_connected());
    ASSERT_TRUE(both.filter({"::/64"}));
    EXPECT_TRUE(loopback_socket("::1", "::1", both.port).is_dropped());
    EXPECT_TRUE(loopback_socket("127.0.0.66", "127.0.0.1", both.port).is_connected());
  }
}

TEST(syn_filter, sixty_four_clients_of_both_families_fit) {
  if (!may_filter())
    return; // see without_the_right_to_filter_nothing_changes
  const doorway door("127.0.0.1");
  keys banned;
  for (int i = 1; i < 64; ++i)
    banned.push_back(i % 2 == 0 ? "2001:db8:0:" + std::to_string(i) + "::/64"
                                : "198.51.100." + std::to_string(i));
  banned.emplace_back("127.0.0.66");
  banned.emplace_back("127.0.0.67");
  ASSERT_TRUE(door.filter(banned));
  EXPECT_TRUE(loopback_socket("127.0.0.66", "127.0.0.1", door.port).is_dropped());
  EXPECT_TRUE(loopback_socket("127.0.0.67", "127.0.0.1", door.port).is_connected()) << "the 65th";
  // Setting one while another is there charges the socket for both.
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(door.filter(banned));
}

TEST(syn_filter, without_the_right_to_filter_nothing_changes) {
  const doorway door("127.0.0.1");
  EXPECT_EQ(door.filter({"127.0.0.66"}), may_filter());
  if (may_filter())
    return; // then the other tests say what happens
  EXPECT_TRUE(loopback_socket("127.0.0.66", "127.0.0.1", door.port).is_connected());
  EXPECT_TRUE(door.filter({}));
}

TEST(syn_filter, what_is_no_client_key_is_left_out) {
  for (const auto* const text :
       {"", "unix", "192.0.2.7/32", "192.0.2.0/24", "::ffff:192.0.2.7", "::ffff:192.0.2.7/64",
        "2001:db8::1", "2001:db8::1/64", "2001:db8::/32", "2001:DB8::/64", "fe80::%lo/64", "a/64"})
    EXPECT_TRUE(syn_filter_program({text}).empty()) << text;
  EXPECT_FALSE(syn_filter_program({"unix", "192.0.2.7"}).empty());
}

TEST(syn_filter, a_descriptor_that_is_no_socket_is_reported) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  EXPECT_FALSE(attach_syn_filter(pipe[0], {"192.0.2.7"}));
  EXPECT_EQ(errno, ENOTSOCK);
  EXPECT_FALSE(attach_syn_filter(pipe[0], {}));
  ::close(pipe[0]);
  ::close(pipe[1]);
}

/// What the kernel makes of a program and the network header of a packet: just the instructions in
/// use. Loopback has one IPv6 address only, this has them all.
std::optional<std::uint32_t> run(const std::vector<sock_filter>& program,
                                 const std::array<std::uint8_t, 40>& header) {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  std::uint32_t memory = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const auto& op = program[at];
    const auto offset = op.k - static_cast<std::uint32_t>(SKF_NET_OFF);
    switch (op.code) {
    case BPF_LD | BPF_B | BPF_ABS:
      a = header.at(offset);
      break;
    case BPF_LD | BPF_W | BPF_ABS:
      a = 0;
      for (std::size_t i = 0; i < 4; ++i)
        a = a << 8 | header.at(offset + i);
      break;
    case BPF_ALU | BPF_RSH | BPF_K:
      a >>= op.k;
      break;
    case BPF_JMP | BPF_JEQ | BPF_K:
      at += a == op.k ? op.jt : op.jf;
      break;
    case BPF_MISC | BPF_TAX:
      x = a;
      break;
    case BPF_MISC | BPF_TXA:
      a = x;
      break;
    case BPF_ST:
      memory = a;
      break;
    case BPF_LD | BPF_MEM:
      a = memory;
      break;
    case BPF_RET | BPF_K:
      return op.k;
    default:
      return std::nullopt;
    }
  }
  return std::nullopt;
}

TEST(syn_filter_property, drops_exactly_the_packets_whose_client_key_is_named) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  std::mt19937_64 random(seed);
  // Few different bytes, so that many addresses have words in common.
  const auto any_address = [&](bool is_v4) {
    numeric_address address;
    for (auto& byte : address.bytes)
      byte = static_cast<std::uint8_t>(random() % 8 == 0 ? random() % 3 : 0);
    if (is_v4)
      std::fill(address.bytes.begin() + 10, address.bytes.begin() + 12, std::uint8_t{0xff});
    if (is_v4)
      std::fill(address.bytes.begin(), address.bytes.begin() + 10, std::uint8_t{0});
    return address;
  };
  int dropped = 0;
  for (int i = 0; i < 2000 && !testing::Test::HasFailure(); ++i) {
    keys banned;
    for (auto n = random() % 64; n > 0; --n)
      banned.push_back(client_key(to_string(any_address(random() % 2 == 0))));
    const auto program = syn_filter_program(banned);
    for (int packet = 0; packet < 20 && !program.empty(); ++packet) {
      const bool is_v4 = random() % 2 == 0;
      const auto source = any_address(is_v4);
      std::array<std::uint8_t, 40> header{};
      for (auto& byte : header)
        byte = static_cast<std::uint8_t>(random());
      header[0] = static_cast<std::uint8_t>((is_v4 ? 0x40 : 0x60) | (header[0] & 0xf));
      std::copy(source.bytes.begin() + (is_v4 ? 12 : 0), source.bytes.end(),
                header.begin() + (is_v4 ? 12 : 8));
      const bool is_named =
          std::find(banned.begin(), banned.end(), client_key(to_string(source))) != banned.end();
      EXPECT_EQ(run(program, header), is_named ? 0 : 0xffffffff) << to_string(source);
      dropped += is_named ? 1 : 0;
    }
  }
  EXPECT_GT(dropped, 1000);
}

} // namespace
} // namespace roost::connection
