#include "actors/runtime/redact.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace roost {

namespace {

constexpr std::string_view mask = "[redacted]";

constexpr std::array<std::string_view, 10> secret_words = {
    "token",  "password",   "passwd",  "secret",      "authorization",
    "cookie", "credential", "api_key", "private_key", "set-cookie",
};

// What introduces a credential inside a longer text; compared without regard to case.
constexpr std::string_view url_parameter = "password="; // also sslpassword=
constexpr std::array<std::string_view, 5> markers = {"token=", "token\":\"", "bearer ", "basic ",
                                                     url_parameter};

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_prefix) {
  return text.size() >= lower_prefix.size() &&
         std::equal(lower_prefix.begin(), lower_prefix.end(), text.begin(),
                    [](char a, char b) { return a == lower(b); });
}

bool ends_a_secret(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '&' || c == '"' || c == '\'' || c == ';' ||
         c == ',' || c == '#' || c == ')';
}

/// The length of the credential at the start of `text`. In the query of a URL only '&' ends it.
std::size_t secret_length(std::string_view text, bool is_in_url) {
  if (is_in_url)
    return std::min(text.find_first_of("& \t\n\"'"), text.size());
  return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), ends_a_secret) -
                                  text.begin());
}

/// For the text after "://": where `user:` ends and how long the password before '@' is.
std::pair<std::size_t, std::size_t> url_password(std::string_view text) {
  const auto word = text.substr(0, std::min(text.find_first_of(" \t\n\"'"), text.size()));
  const auto authority = word.substr(0, std::min(word.find_first_of("/?#"), word.size()));
  const auto colon = authority.find(':');
  if (colon == std::string_view::npos)
    return {0, 0};
  auto at = authority.rfind('@');
  // No port: the beginning of a password in which somebody forgot to encode one of "/?#".
  const bool is_port =
      authority.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  if (at == std::string_view::npos && !is_port && authority.front() != '[')
    at = word.rfind('@');
  if (at == std::string_view::npos || colon > at)
    return {0, 0};
  return {colon + 1, at - colon - 1};
}

} // namespace

bool is_secret_name(std::string_view name) {
  return std::any_of(secret_words.begin(), secret_words.end(), [name](std::string_view word) {
    if (name.size() < word.size() ||
        !starts_with_ignoring_case(name.substr(name.size() - word.size()), word))
      return false;
    return name.size() == word.size() || name[name.size() - word.size() - 1] == '_' ||
           name[name.size() - word.size() - 1] == '-';
  });
}

std::string redact(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto* const marker =
        std::find_if(markers.begin(), markers.end(), [text](std::string_view candidate) {
          return starts_with_ignoring_case(text, candidate);
        });
    if (marker != markers.end()) {
      out += text.substr(0, marker->size());
      text.remove_prefix(marker->size());
      if (const auto length = secret_length(text, *marker == url_parameter); length > 0) {
        out += mask;
        text.remove_prefix(length);
      }
      continue;
    }
    if (text.starts_with("://")) {
      out += "://";
      text.remove_prefix(3);
      if (const auto [start, length] = url_password(text); length > 0) {
        out += text.substr(0, start);
        out += mask;
        text.remove_prefix(start + length);
      }
      continue;
    }
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

} // namespace roost
