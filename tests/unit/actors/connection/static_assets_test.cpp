#include "actors/connection/static_assets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace roost::connection {
namespace {

constexpr std::array<asset, 3> files = {
    asset{"/index.html", "text/html; charset=utf-8", "aa", "<html>", "GZ"},
    asset{"/assets/app-1234.js", "text/javascript; charset=utf-8", "bb", "run()", "GZJS"},
    asset{"/icon.png", "image/png", "cc", "PNG", {}}};

http_request get(std::string path) {
  http_request request;
  request.method = "GET";
  request.path = std::move(path);
  return request;
}

std::string header(const http_response& answer, std::string_view name) {
  const auto at = std::find_if(answer.headers.begin(), answer.headers.end(),
                               [&](const auto& item) { return item.first == name; });
  return at == answer.headers.end() ? std::string{} : at->second;
}

TEST(static_assets, the_root_is_the_page) {
  const auto answer = static_assets(files).serve(get("/"));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "<html>");
  EXPECT_EQ(header(answer, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(header(answer, "Cache-Control"), "no-cache");
  EXPECT_EQ(header(answer, "ETag"), "\"aa\"");
  EXPECT_NE(header(answer, "Content-Security-Policy"), "");
}

TEST(static_assets, hashed_files_never_change) {
  const auto answer = static_assets(files).serve(get("/assets/app-1234.js"));
  EXPECT_NE(header(answer, "Cache-Control").find("immutable"), std::string::npos);
  EXPECT_EQ(header(answer, "Vary"), "Accept-Encoding");
}

TEST(static_assets, packed_bytes_go_to_who_takes_them) {
  auto request = get("/");
  request.headers = {{"accept-encoding", "br, gzip"}};
  auto answer = static_assets(files).serve(request);
  EXPECT_EQ(answer.body, "GZ");
  EXPECT_EQ(header(answer, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(answer, "ETag"), "\"aa-gz\"");
  request.path = "/icon.png";
  answer = static_assets(files).serve(request);
  EXPECT_EQ(answer.body, "PNG");
  EXPECT_EQ(header(answer, "Content-Encoding"), "");
}

TEST(static_assets, who_has_it_already_gets_a_304) {
  for (const auto* tags : {"\"aa\"", "W/\"aa\"", "\"x\", \"aa\"", "*"}) {
    auto request = get("/");
    request.headers = {{"if-none-match", tags}};
    const auto answer = static_assets(files).serve(request);
    EXPECT_EQ(answer.status, 304U) << tags;
    EXPECT_TRUE(answer.body.empty());
  }
  auto other = get("/");
  other.headers = {{"if-none-match", "\"aa-gz\""}};
  EXPECT_EQ(static_assets(files).serve(other).status, 200U);
}

TEST(static_assets, unknown_paths_are_404_for_people_and_programs) {
  auto request = get("/nothing");
  auto answer = static_assets(files).serve(request);
  EXPECT_EQ(answer.status, 404U);
  EXPECT_EQ(header(answer, "Content-Type"), "application/problem+json");
  request.headers = {{"accept", "text/html,*/*"}};
  answer = static_assets(files).serve(request);
  EXPECT_EQ(answer.status, 404U);
  EXPECT_EQ(header(answer, "Content-Type"), "text/html; charset=utf-8");
}

TEST(static_assets, only_reading_is_possible) {
  auto request = get("/");
  request.method = "POST";
  const auto answer = static_assets(files).serve(request);
  EXPECT_EQ(answer.status, 405U);
  EXPECT_EQ(header(answer, "Allow"), "GET, HEAD");
}

TEST(static_assets, without_a_ui_the_page_says_so) {
  const auto answer = static_assets({}).serve(get("/"));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_NE(answer.body.find("not in this build"), std::string::npos);
}

TEST(static_assets, gzip_is_taken_when_named) {
  for (const auto* text : {"gzip", "GZIP", "br, gzip;q=0.5", "gzip;q=1.0"})
    EXPECT_TRUE(accepts_gzip(text)) << text;
  for (const auto* text : {"", "br", "gzip;q=0", "gzip; q=0.0", "xgzip", "*"})
    EXPECT_FALSE(accepts_gzip(text)) << text;
}

TEST(static_assets, embedded_files_are_whole) {
  for (const auto& file : embedded_assets()) {
    EXPECT_TRUE(file.path.starts_with('/'));
    EXPECT_FALSE(file.body.empty()) << file.path;
    if (!file.gzip.empty()) {
      EXPECT_EQ(file.gzip.substr(0, 2), "\x1f\x8b") << file.path;
    }
  }
}

} // namespace
} // namespace roost::connection
