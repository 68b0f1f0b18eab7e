// Every kept input of the fuzzers, in every ordinary run of the tests. A broken promise aborts.
#include "tests/fuzz/target.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace roost::fuzz {
namespace {

struct surface {
  const char* name;
  void (*feed)(std::string_view);
};

class fuzz_replay : public testing::TestWithParam<surface> {};

TEST_P(fuzz_replay, every_kept_input_and_each_of_its_beginnings_keeps_the_promises) {
  const std::filesystem::path folder =
      std::filesystem::path(ROOST_SOURCE_DIR) / "tests/fuzz/corpus" / GetParam().name;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const auto data = std::move(text).str();
    SCOPED_TRACE(entry.path().string());
    for (std::size_t length = 0; length <= data.size(); ++length)
      GetParam().feed(std::string_view(data).substr(0, length));
    ++count;
  }
  EXPECT_GT(count, 0) << folder;
}

INSTANTIATE_TEST_SUITE_P(
    all, fuzz_replay,
    testing::Values(surface{"config", config}, surface{"frame", frame},
                    surface{"http_body", http_body}, surface{"client_message", client_message},
                    surface{"http_head", http_head}, surface{"proxy_header", proxy_header},
                    surface{"recording_chunk", recording_chunk},
                    surface{"terminal_output", terminal_output}, surface{"breaker", breaker}),
    [](const auto& tested) { return tested.param.name; });

} // namespace
} // namespace roost::fuzz
