// The binary frames, against the golden files that the web client's tests read, too.

#include "protocols/wire/roost_v1.hpp"

#include "tests/support/seeded_random.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace roost::wire {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

std::string name_of(decode_status status) {
  switch (status) {
  case decode_status::ok:
    return "ok";
  case decode_status::empty:
    return "empty";
  case decode_status::unknown_kind:
    return "unknown_kind";
  case decode_status::too_short:
    return "too_short";
  case decode_status::too_long:
    return "too_long";
  case decode_status::bad_reason:
    return "bad_reason";
  case decode_status::bad_offset:
    return "bad_offset";
  }
  return "?";
}

std::string encode_any(const frame& x) {
  return std::visit([](const auto& f) { return encode(f); }, x);
}

TEST(roost_v1, golden_frames_mean_the_same_here_and_in_the_browser) {
  const fs::path folder = fs::path(ROOST_SOURCE_DIR) / "tests/golden/frames";
  int frames = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".json")
      continue;
    SCOPED_TRACE(entry.path().filename().string());
    auto binary = entry.path();
    const auto bytes = read_file(binary.replace_extension(".bin"));
    const auto wanted = boost::json::parse(read_file(entry.path())).as_object();
    frame got;
    const auto status = decode(bytes, got);
    ++frames;
    if (const auto* error = wanted.if_contains("error")) {
      EXPECT_EQ(name_of(status), std::string(error->as_string()));
      continue;
    }
    ASSERT_EQ(status, decode_status::ok);
    EXPECT_EQ(encode_any(got), bytes);
    const std::string kind(wanted.at("kind").as_string());
    const auto stream = wanted.at("stream").to_number<std::uint32_t>();
    const auto payload = [&] {
      const auto* hex = wanted.if_contains("bytes_hex");
      return hex ? from_hex(std::string(hex->as_string())) : std::string{};
    };
    const auto offset = [&] { return wanted.at("offset").to_number<std::uint64_t>(); };
    if (const auto* f = std::get_if<output_frame>(&got)) {
      EXPECT_EQ(kind, "output");
      EXPECT_EQ(f->stream, stream);
      EXPECT_EQ(f->offset, offset());
      EXPECT_EQ(f->bytes, payload());
    } else if (const auto* s = std::get_if<snapshot_frame>(&got)) {
      EXPECT_EQ(kind, "snapshot");
      EXPECT_EQ(s->stream, stream);
      EXPECT_EQ(s->offset, offset());
      EXPECT_EQ(s->bytes, payload());
    } else if (const auto* i = std::get_if<input_frame>(&got)) {
      EXPECT_EQ(kind, "input");
      EXPECT_EQ(i->stream, stream);
      EXPECT_EQ(i->bytes, payload());
    } else if (const auto* a = std::get_if<ack_frame>(&got)) {
      EXPECT_EQ(kind, "ack");
      EXPECT_EQ(a->stream, stream);
      EXPECT_EQ(a->offset, offset());
    }
  }
  EXPECT_GE(frames, 10);
}

TEST(roost_v1, headers_alone_are_the_start_of_the_whole_frame) {
  const auto whole = encode(output_frame{7, 1234567890123, "abc"});
  const auto header = output_header(7, 1234567890123);
  EXPECT_EQ(whole, std::string(header.data(), header.size()) + "abc");
  const auto shot = encode(snapshot_frame{7, 99, snapshot_reason::refresh, "x"});
  const auto shot_header = snapshot_header(7, 99, snapshot_reason::refresh);
  EXPECT_EQ(shot, std::string(shot_header.data(), shot_header.size()) + "x");
}

TEST(roost_v1, any_bytes_decode_or_are_refused_and_what_decodes_encodes_back) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  constexpr char kinds[] = {0x01, 0x02, 0x10, 0x11};
  int good = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes(random.between(0, 24), '\0');
    for (auto& c : bytes)
      c = static_cast<char>(random.between(0, 3) == 0 ? random.next() : 0);
    if (!bytes.empty() && random.between(0, 9) != 0)
      bytes[0] = kinds[random.between(0, 3)];
    frame x;
    if (decode(bytes, x) != decode_status::ok)
      continue;
    ++good;
    ASSERT_EQ(encode_any(x), bytes);
  }
  EXPECT_GT(good, 1000);
}

} // namespace
} // namespace roost::wire
