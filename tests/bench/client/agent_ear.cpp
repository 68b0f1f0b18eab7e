#include "tests/bench/client/link.hpp"

#include <cstdio>
#include <cstring>
#include <vector>

namespace roost::bench {

namespace {

/// Longer than any mark, so that one cut in two is found.
constexpr std::size_t longest_mark = 128;

std::size_t find(std::string_view text, std::string_view needle) {
  const auto* const at = memmem(text.data(), text.size(), needle.data(), needle.size());
  return at == nullptr ? text.npos
                       : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

} // namespace

void agent_ear::listen_for(std::string needle) {
  needle_ = std::move(needle);
  carry_.clear();
  text_.clear();
  seen_ = 0;
}

bool agent_ear::hear(std::string_view piece) {
  const auto search = [&](std::string_view text, std::uint64_t base) {
    const auto at = find(text, needle_);
    if (at == text.npos)
      return false;
    const auto end = text.find("]]", at);
    if (end == text.npos)
      return false;
    text_ = text.substr(at, end + 2 - at);
    start_ = base + at;
    long long us = 0;
    unsigned long long bytes = 0;
    if (std::sscanf(text_.c_str(), "[[bench-end_%*d_%lld_%llu]]", &us, &bytes) == 2) {
      us_ = us;
      bytes_ = bytes;
    }
    return true;
  };
  // The seam: the last bytes of earlier pieces with the first of this one.
  auto seam = carry_;
  seam += piece.substr(0, longest_mark);
  const bool found = search(seam, seen_ - carry_.size()) || search(piece, seen_);
  seen_ += piece.size();
  if (piece.size() >= longest_mark)
    carry_ = piece.substr(piece.size() - longest_mark);
  else
    carry_ = seam.size() > longest_mark ? seam.substr(seam.size() - longest_mark) : seam;
  return found;
}

std::map<int, bool> private_modes(std::string_view stream) {
  std::map<int, bool> modes;
  for (auto at = stream.find("\x1b[?"); at != stream.npos; at = stream.find("\x1b[?", at)) {
    at += 3;
    std::vector<int> named{0};
    for (; at < stream.size(); ++at) {
      const char c = stream[at];
      if (c >= '0' && c <= '9') {
        named.back() = named.back() * 10 + (c - '0');
      } else if (c == ';') {
        named.push_back(0);
      } else {
        if (c == 'h' || c == 'l')
          for (const int mode : named)
            modes[mode] = c == 'h';
        break;
      }
    }
  }
  return modes;
}

} // namespace roost::bench
