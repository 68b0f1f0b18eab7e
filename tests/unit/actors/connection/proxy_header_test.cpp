#include "actors/connection/proxy_header.hpp"

#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost::connection {
namespace {

using namespace std::string_literals;
using outcome = proxy_header::outcome;
using testing::HasSubstr;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v4_addresses = "\xc6\x33\x64\x07\x0a\x00\x00\x01\x12\x34\x00\x50"s;
const std::string v6_addresses =
    "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07"s + std::string(16, '\xfd') +
    "\x12\x34\x00\x50"s;
const std::string extension = "\x04\x00\x03pad"s;

/// Version and command, family and transport, then the length of `rest` and `rest`.
std::string header(int command, int family, const std::string& rest) {
  return signature + static_cast<char>(command) + static_cast<char>(family) +
         static_cast<char>(rest.size() >> 8U) + static_cast<char>(rest.size() & 0xffU) + rest;
}

struct row {
  std::string_view name;
  std::string bytes;
  std::optional<std::string> source;
};

std::vector<row> good_headers() {
  return {
      {"TCP over IPv4", header(0x21, 0x11, v4_addresses), "198.51.100.7"},
      {"with extensions", header(0x21, 0x11, v4_addresses + extension), "198.51.100.7"},
      {"UDP over IPv4", header(0x21, 0x12, v4_addresses), "198.51.100.7"},
      {"TCP over IPv6", header(0x21, 0x21, v6_addresses), "2001:db8::7"},
      {"the longest", header(0x21, 0x21, v6_addresses + std::string(500, 'x')), "2001:db8::7"},
      {"Unix", header(0x21, 0x31, std::string(216, '/')), std::nullopt},
      {"unspecified", header(0x21, 0x00, ""), std::nullopt},
      {"unspecified with text", header(0x21, 0x00, v4_addresses), std::nullopt},
      {"no family", header(0x21, 0x01, v4_addresses), std::nullopt},
      {"no transport", header(0x21, 0x10, v4_addresses), std::nullopt},
      {"local", header(0x20, 0x00, ""), std::nullopt},
      {"local with an address", header(0x20, 0x11, v4_addresses), std::nullopt},
      {"local with nonsense", header(0x20, 0xff, "x"), std::nullopt},
  };
}

/// From a copy on the heap that ends where the bytes do, for the sanitizer's eyes.
proxy_header read_exactly(std::string_view bytes) {
  const std::vector<char> copy(bytes.begin(), bytes.end());
  return read_proxy_header({copy.data(), copy.size()});
}

TEST(proxy_header, names_the_client_and_says_where_it_ends) {
  for (const auto& [name, bytes, source] : good_headers()) {
    SCOPED_TRACE(name);
    for (const auto& rest : {""s, "GET / HTTP/1.1\r\n"s, bytes}) {
      const auto reading = read_exactly(bytes + rest);
      EXPECT_EQ(reading.is, outcome::done);
      EXPECT_EQ(reading.size, bytes.size());
      EXPECT_EQ(reading.source, source);
    }
  }
}

TEST(proxy_header, every_beginning_of_a_header_needs_more) {
  for (const auto& [name, bytes, source] : good_headers())
    for (std::size_t length = 0; length < bytes.size(); ++length)
      ASSERT_EQ(read_exactly(bytes.substr(0, length)).is, outcome::need_more) << name << length;
}

TEST(proxy_header, what_is_no_header_is_refused_with_the_first_byte_that_shows_it) {
  for (const auto& bytes : {"GET / HTTP/1.1\r\n"s, "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"s, "\n"s,
                            "\x16\x03\x01"s, "\0"s, "\r\n\r\nGET"s}) {
    const auto reading = read_exactly(bytes);
    EXPECT_EQ(reading.is, outcome::bad) << bytes;
    EXPECT_THAT(std::string(reading.why), HasSubstr("send-proxy-v2"));
  }
}

TEST(proxy_header, a_bad_header_is_refused_before_its_addresses_come) {
  struct bad_row {
    std::string bytes;
    std::string_view why;
  };
  const auto too_long = header(0x21, 0x11, std::string(537, 'x'));
  const auto longest = signature + "\x20\x00\xff\xff"s;
  for (const auto& [bytes, why] :
       {bad_row{header(0x11, 0x11, v4_addresses), "version"},
        bad_row{header(0x01, 0x11, v4_addresses), "version"},
        bad_row{header(0x31, 0x11, v4_addresses), "version"},
        bad_row{header(0x22, 0x11, v4_addresses), "command"},
        bad_row{header(0x2f, 0x11, v4_addresses), "command"},
        bad_row{header(0x21, 0x41, v4_addresses), "family"},
        bad_row{header(0x21, 0x13, v4_addresses), "transport"},
        bad_row{header(0x21, 0xff, v4_addresses), "family"}, bad_row{too_long, "552 bytes"},
        bad_row{longest, "552 bytes"}, bad_row{header(0x21, 0x11, ""), "too short"},
        bad_row{header(0x21, 0x11, v4_addresses.substr(1)), "too short"},
        bad_row{header(0x21, 0x21, v6_addresses.substr(1)), "too short"},
        bad_row{header(0x21, 0x21, v4_addresses), "too short"}}) {
    const auto reading = read_exactly(bytes.substr(0, 16));
    EXPECT_EQ(reading.is, outcome::bad) << why;
    EXPECT_THAT(std::string(reading.why), HasSubstr(std::string(why)));
    EXPECT_EQ(read_exactly(bytes).is, outcome::bad);
  }
}

TEST(proxy_header, a_damaged_header_is_never_read_past_its_bound) {
  int damaged = 0;
  for (const auto& [name, bytes, source] : good_headers()) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        auto flipped = bytes;
        flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ (1U << bit));
        const auto reading = read_exactly(flipped);
        ASSERT_TRUE(at >= signature.size() || reading.is == outcome::bad) << name << at;
        ASSERT_LE(reading.size, flipped.size()) << name << at;
        // A longer length waits for bytes that can come; with them it is done.
        flipped.resize(max_proxy_header, 'x');
        ASSERT_NE(read_exactly(flipped).is, outcome::need_more) << name << at;
        ++damaged;
      }
    }
  }
  EXPECT_GT(damaged, 5'000);
}

TEST(proxy_header, noise_is_answered_within_the_bound) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string noise(random.between(0, 60), '\0');
    random.fill(std::as_writable_bytes(std::span(noise)));
    // Most noise of 16 bytes is no header at all; half of it gets a chance.
    auto bytes = i % 2 == 0 ? signature + noise : signature + "\x21"s + noise;
    const auto reading = read_exactly(bytes);
    if (reading.is == outcome::done) {
      ASSERT_LE(reading.size, bytes.size());
      ASSERT_EQ(read_exactly(bytes.substr(0, reading.size)).source, reading.source);
    }
    bytes.resize(max_proxy_header);
    ASSERT_NE(read_exactly(bytes).is, outcome::need_more);
  }
}

} // namespace
} // namespace roost::connection
