#include "actors/database/recording/asciicast.hpp"

#include "actors/runtime/text_escape.hpp"
#include "actors/terminal/screen/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace roost::recording {

namespace {

constexpr std::uint32_t signal_base = 128;

/// Bytes at the end of `text` that more bytes may make a character.
std::size_t unfinished_size(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(text.size(), 3); ++size) {
    const auto byte = static_cast<unsigned char>(text[text.size() - size]);
    if (terminal::is_utf8_continuation(byte))
      continue;
    return byte >= 0xc2 && terminal::utf8_length(byte) > size ? size : 0;
  }
  return 0;
}

void put_text(std::string& out, std::string_view text) {
  out += '"';
  append_json(out, text);
  out += '"';
}

/// Seconds, in whole microseconds.
void put_time(std::string& out, std::uint64_t micros) {
  fmt::format_to(std::back_inserter(out), "{}.{:06}", micros / 1'000'000, micros % 1'000'000);
}

void put_field(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty())
    return;
  fmt::format_to(std::back_inserter(out), ",\"{}\":", name);
  put_text(out, text);
}

} // namespace

std::string asciicast_writer::begin(const asciicast_header& header) {
  size_ = header.size;
  std::string out;
  const auto at = std::back_inserter(out);
  if (version_ == asciicast_version::v3) {
    fmt::format_to(at, R"({{"version":3,"term":{{"cols":{},"rows":{})", size_.cols, size_.rows);
    put_field(out, "type", header.term_type);
    out += '}';
  } else {
    fmt::format_to(at, R"({{"version":2,"width":{},"height":{})", size_.cols, size_.rows);
  }
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(header.began_at.time_since_epoch()).count();
  fmt::format_to(std::back_inserter(out), R"(,"timestamp":{})", seconds);
  put_field(out, "command", header.command);
  put_field(out, "title", header.title);
  auto env = header.env;
  // Version 2 has no other place for it.
  if (version_ == asciicast_version::v2 && !header.term_type.empty()) {
    std::erase_if(env, [](const auto& one) { return one.first == "TERM"; });
    env.emplace_back("TERM", header.term_type);
  }
  if (!env.empty()) {
    out += R"(,"env":)";
    char before = '{';
    for (const auto& [name, value] : env) {
      out += before;
      put_text(out, name);
      out += ':';
      put_text(out, value);
      before = ',';
    }
    out += '}';
  }
  out += "}\n";
  return out;
}

result<std::string> asciicast_writer::add(const chunk& next) {
  ROOST_TRY(auto reader, chunks_.open(next));
  std::string out;
  bool is_first = true;
  while (const auto one = reader.next()) {
    // Where the wall clock went back, no time passes.
    if (last_at_ && one->at > *last_at_)
      now_ += static_cast<std::uint64_t>((one->at - *last_at_).count());
    last_at_ = one->at;
    if (is_first) {
      is_first = false;
      if (chunks_.lost() > 0)
        write_gap(out, chunks_.lost(), describe(gap_reason::missing));
      resize_to(out, next.size);
    }
    add(out, *one);
  }
  return out;
}

std::string asciicast_writer::finish() {
  std::string out;
  write_unfinished(out);
  if (end_ && version_ == asciicast_version::v3) {
    const auto status =
        end_->how == program_end::kind::signal ? signal_base + end_->number : end_->number;
    write(out, 'x', std::to_string(status));
  }
  end_.reset();
  return out;
}

void asciicast_writer::add(std::string& out, const event& next) {
  write_end_as_marker(out);
  if (const auto* written = std::get_if<output>(&next.data)) {
    auto text = written->bytes;
    std::string joined;
    if (!unfinished_.empty()) {
      joined = unfinished_.append(text);
      text = joined;
    }
    const auto rest = unfinished_size(text);
    unfinished_ = text.substr(text.size() - rest);
    text.remove_suffix(rest);
    if (!text.empty())
      write(out, 'o', text);
  } else if (const auto* size = std::get_if<resize>(&next.data)) {
    resize_to(out, size->size);
  } else if (const auto* mark = std::get_if<marker>(&next.data)) {
    write(out, 'm', mark->label);
  } else if (const auto* lost = std::get_if<gap>(&next.data)) {
    write_gap(out, lost->bytes, describe(lost->reason));
  } else if (const auto* end = std::get_if<program_end>(&next.data)) {
    write_unfinished(out);
    end_ = *end;
  }
}

void asciicast_writer::write(std::string& out, char code, std::string_view data) {
  out += '[';
  put_time(out, version_ == asciicast_version::v3 ? now_ - written_ : now_);
  written_ = now_;
  out += ",\"";
  out += code;
  out += "\",";
  put_text(out, data);
  out += "]\n";
}

void asciicast_writer::write_gap(std::string& out, std::uint64_t bytes, std::string_view reason) {
  write_unfinished(out);
  write(out, 'm', describe_gap(bytes, reason));
}

void asciicast_writer::write_unfinished(std::string& out) {
  if (!unfinished_.empty())
    write(out, 'o', unfinished_);
  unfinished_.clear();
}

void asciicast_writer::write_end_as_marker(std::string& out) {
  if (!end_)
    return;
  write(out, 'm',
        fmt::format("the program ended with {} {}",
                    end_->how == program_end::kind::signal ? "signal" : "status", end_->number));
  end_.reset();
}

void asciicast_writer::resize_to(std::string& out, terminal::terminal_size size) {
  if (size == size_)
    return;
  size_ = size;
  write(out, 'r', fmt::format("{}x{}", size.cols, size.rows));
}

} // namespace roost::recording
