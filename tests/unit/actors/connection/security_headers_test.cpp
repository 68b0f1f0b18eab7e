#include "actors/connection/security_headers.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace roost::connection {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string policy(const std::vector<std::pair<std::string, std::string>>& headers) {
  const auto at = std::find_if(headers.begin(), headers.end(), [](const auto& header) {
    return header.first == "Content-Security-Policy";
  });
  return at == headers.end() ? std::string{} : at->second;
}

/// What the policy says of one kind of thing: the directive with its values.
std::string directive(const std::string& of, const std::string& name) {
  const auto begin = of.find(name + " ");
  return begin == std::string::npos ? std::string{} : of.substr(begin, of.find(';', begin) - begin);
}

TEST(security_headers, a_page_runs_its_own_scripts_and_the_player_s_webassembly_and_no_text) {
  const auto ui = policy(ui_security_headers());
  EXPECT_EQ(directive(ui, "script-src"), "script-src 'self' 'wasm-unsafe-eval'");
  EXPECT_EQ(directive(ui, "default-src"), "default-src 'self'");
  EXPECT_EQ(directive(ui, "connect-src"), "connect-src 'self'");
  EXPECT_THAT(ui, Not(HasSubstr("http")));
}

TEST(security_headers, an_answer_of_the_api_is_nothing_to_run_or_frame) {
  EXPECT_EQ(policy(api_security_headers()), "default-src 'none'; frame-ancestors 'none'");
}

} // namespace
} // namespace roost::connection
