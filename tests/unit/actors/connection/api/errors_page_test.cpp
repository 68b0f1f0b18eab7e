// docs/reference/errors.md has one row per error that a caller can see. `ROOST_UPDATE_GOLDEN=1`
// puts the table there anew.
#include "protocols/errors.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace roost {
namespace {

constexpr const char* page = ROOST_SOURCE_DIR "/docs/reference/errors.md";
constexpr std::string_view table_head = "| type | meaning | HTTP | close code | `roost` exits with "
                                        "|\n| --- | --- | --- | --- | --- |\n";

std::string table() {
  std::string out(table_head);
  for (const auto domain : {error_domain::terminal, error_domain::request, error_domain::channel})
    for (unsigned code = 1; code < 256; ++code) {
      const auto& row = describe(domain, static_cast<std::uint8_t>(code));
      if (row.domain != domain || row.code != code)
        continue;
      out += "| `" + std::string(row.name) + "` | " + std::string(row.title) + " | " +
             std::to_string(row.http_status) + " | " +
             (row.close_code == 0 ? "" : std::to_string(row.close_code)) + " | " +
             std::to_string(row.cli_exit) + " |\n";
    }
  return out;
}

TEST(errors_page, has_the_table_of_the_code) {
  std::ifstream file(page);
  std::stringstream held;
  held << file.rdbuf();
  auto text = held.str();
  const auto wanted = table();
  if (std::getenv("ROOST_UPDATE_GOLDEN") != nullptr) {
    const auto begin = text.find(table_head);
    ASSERT_NE(begin, std::string::npos) << "the page has no table to replace";
    const auto end = text.find("\n\n", begin);
    text.replace(begin, end == std::string::npos ? text.size() - begin : end + 1 - begin, wanted);
    std::ofstream(page) << text;
  }
  EXPECT_NE(text.find(wanted), std::string::npos)
      << "run this test with ROOST_UPDATE_GOLDEN=1 and read the difference";
}

TEST(errors, names_are_unique_and_found_again) {
  for (const auto domain : {error_domain::terminal, error_domain::request, error_domain::channel})
    for (unsigned code = 1; code < 256; ++code) {
      const auto& row = describe(domain, static_cast<std::uint8_t>(code));
      if (row.domain == domain && row.code == code) {
        EXPECT_EQ(find_error(row.name), &row) << row.name;
      }
    }
}

} // namespace
} // namespace roost
