#include "actors/connection/static_assets.hpp"

#include "actors/connection/encoding.hpp"
#include "actors/connection/problem.hpp"
#include "actors/connection/security_headers.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace roost::connection {

namespace {

constexpr std::string_view not_built =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Roost</title>"
    "<h1>Roost runs</h1><p>Its web page is not in this build: Node.js was missing when it was "
    "made. "
    "Build again with <code>./deploy/run</code>, or use the command line: <code>roost "
    "attach</code>."
    "</p></html>\n";

constexpr std::string_view not_found =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not found</title>"
    "<h1>There is nothing at this address</h1><p><a href=\"/\">To the terminals</a></p></html>\n";

constexpr std::array<asset, 1> fallback = {
    asset{"/index.html", "text/html; charset=utf-8", "not-built", not_built, {}}};

http_response page(unsigned status, std::string_view html) {
  http_response answer;
  answer.status = status;
  answer.headers = ui_security_headers();
  answer.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.body = html;
  return answer;
}

bool names_tag(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    const auto end = if_none_match.find(',');
    auto item = trim(if_none_match.substr(0, end));
    if (item.starts_with("W/"))
      item.remove_prefix(2);
    if (item == tag || item == "*")
      return true;
    if_none_match =
        end == std::string_view::npos ? std::string_view{} : if_none_match.substr(end + 1);
  }
  return false;
}

} // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto end = accept_encoding.find(',');
    const auto item = accept_encoding.substr(0, end);
    const auto mark = item.find(';');
    if (equals_ignoring_case(trim(item.substr(0, mark)), "gzip")) {
      const auto weight =
          mark == std::string_view::npos ? std::string_view("q=1") : trim(item.substr(mark + 1));
      return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000";
    }
    accept_encoding =
        end == std::string_view::npos ? std::string_view{} : accept_encoding.substr(end + 1);
  }
  return false;
}

static_assets::static_assets(std::span<const asset> files) {
  if (files.empty())
    files = fallback;
  files_.assign(files.begin(), files.end());
  std::sort(files_.begin(), files_.end(),
            [](const asset& a, const asset& b) { return a.path < b.path; });
}

const asset* static_assets::find(std::string_view path) const {
  const auto at = std::lower_bound(files_.begin(), files_.end(), path,
                                   [](const asset& a, std::string_view b) { return a.path < b; });
  return at != files_.end() && at->path == path ? &*at : nullptr;
}

http_response static_assets::serve(const http_request& request) const {
  if (request.method != "GET") {
    auto answer = problem_response(failure(request_error::method_not_allowed), request.correlation);
    answer.headers.emplace_back("Allow", "GET, HEAD");
    return answer;
  }
  const auto* file = find(request.path == "/" ? "/index.html" : std::string_view(request.path));
  if (file == nullptr) {
    if (request.header("accept").find("text/html") != std::string_view::npos)
      return page(404, not_found);
    return problem_response(failure(request_error::not_found), request.correlation);
  }

  const bool is_packed = !file->gzip.empty() && accepts_gzip(request.header("accept-encoding"));
  const auto tag = "\"" + std::string(file->digest) + (is_packed ? "-gz\"" : "\"");
  http_response answer;
  answer.headers = ui_security_headers();
  answer.headers.emplace_back("ETag", tag);
  answer.headers.emplace_back("Cache-Control", file->path.starts_with("/assets/")
                                                   ? "public, max-age=31536000, immutable"
                                                   : "no-cache");
  if (!file->gzip.empty())
    answer.headers.emplace_back("Vary", "Accept-Encoding");
  if (names_tag(request.header("if-none-match"), tag)) {
    answer.status = 304;
    return answer;
  }
  answer.headers.emplace_back("Content-Type", file->type);
  if (is_packed)
    answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.body = is_packed ? file->gzip : file->body;
  return answer;
}

} // namespace roost::connection
