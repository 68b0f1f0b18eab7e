#include "actors/runtime/log.hpp"

#include <array>
#include <atomic>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "actors/runtime/bounded_writer.hpp"
#include "actors/runtime/redact.hpp"
#include "actors/runtime/text_escape.hpp"

namespace roost::log {

namespace {

// One value or sentence longer than this is cut: a log line is not a transport.
constexpr std::size_t value_limit = 2048;
constexpr std::string_view redacted = "[redacted]";

constexpr std::array<std::string_view, 6> severity_names = {"trace", "debug", "info",
                                                            "warn",  "error", "off"};
constexpr std::array<std::string_view, 2> layout_names = {"text", "json"};

spdlog::level::level_enum to_spdlog(severity level) {
  constexpr std::array<spdlog::level::level_enum, 6> levels = {
      spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
      spdlog::level::warn,  spdlog::level::err,   spdlog::level::off};
  return levels[static_cast<std::size_t>(level)];
}

template <class Append>
void append_bounded(std::string& out, std::string_view text, Append append) {
  const auto kept = utf8_prefix(text, value_limit);
  append(out, redact(kept));
  if (kept.size() < text.size())
    fmt::format_to(std::back_inserter(out), "...(+{} bytes)", text.size() - kept.size());
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \"=\t\n") != std::string_view::npos;
}

void append_text_value(std::string& out, std::string_view text) {
  if (!needs_quotes(text)) {
    append_bounded(out, text, append_visible);
    return;
  }
  out += '"';
  append_bounded(out, text, [](std::string& to, std::string_view part) {
    std::string visible;
    append_visible(visible, part);
    for (const char c : visible) {
      if (c == '"')
        to += '\\';
      to += c;
    }
  });
  out += '"';
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_bounded(out, text, append_json);
  out += '"';
}

void append_number(std::string& out, double value, layout format) {
  // JSON has no infinity and no NaN.
  if (format == layout::json && !(value - value == 0))
    out += "null";
  else
    fmt::format_to(std::back_inserter(out), "{}", value);
}

void append_value(std::string& out, const field& one, layout format) {
  const auto append_string = [&](std::string_view text) {
    const auto shown = is_secret_name(one.name) ? redacted : text;
    if (format == layout::json)
      append_json_string(out, shown);
    else
      append_text_value(out, shown);
  };
  std::visit(
      [&](const auto& value) {
        using value_type = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<value_type, bool>)
          out += value ? "true" : "false";
        else if constexpr (std::is_same_v<value_type, double>)
          append_number(out, value, format);
        else if constexpr (std::is_arithmetic_v<value_type>)
          fmt::format_to(std::back_inserter(out), "{}", value);
        else
          append_string(value);
      },
      one.value);
}

std::string text_line(severity level, const context& bound, std::string_view sentence,
                      std::initializer_list<field> fields) {
  auto out = fmt::format("{:5} ", to_string(level));
  append_visible(out, bound.actor.empty() ? std::string_view("roost") : bound.actor);
  if (bound.generation != 0)
    fmt::format_to(std::back_inserter(out), "#{}", bound.generation);
  out += ": ";
  append_bounded(out, sentence, append_visible);
  for (const auto& one : fields) {
    fmt::format_to(std::back_inserter(out), " {}=", one.name);
    append_value(out, one, layout::text);
  }
  if (!bound.session.empty()) {
    out += " session=";
    append_text_value(out, bound.session);
  }
  if (!bound.correlation.empty()) {
    out += " correlation_id=";
    append_text_value(out, bound.correlation);
  }
  return out;
}

/// The members of the line's object after "ts", which the pattern writes.
std::string json_members(severity level, const context& bound, std::string_view sentence,
                         std::initializer_list<field> fields) {
  auto out = fmt::format(R"("level":"{}","actor":)", to_string(level));
  append_json_string(out, bound.actor);
  fmt::format_to(std::back_inserter(out), ",\"generation\":{},\"session\":", bound.generation);
  append_json_string(out, bound.session);
  out += ",\"correlation_id\":";
  append_json_string(out, bound.correlation);
  out += ",\"msg\":";
  append_json_string(out, sentence);
  out += ",\"fields\":{";
  const char* separator = "";
  for (const auto& one : fields) {
    out += separator;
    append_json_string(out, one.name);
    out += ':';
    append_value(out, one, layout::json);
    separator = ",";
  }
  out += '}';
  return out;
}

std::string compose(layout format, severity level, const context& bound, std::string_view sentence,
                    std::initializer_list<field> fields) {
  return format == layout::json ? json_members(level, bound, sentence, fields)
                                : text_line(level, bound, sentence, fields);
}

context bound_to_log() {
  context bound;
  bound.actor = "log";
  return bound;
}

/// Hands finished lines to their reader and says so when some had to be dropped.
class line_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
  void aim(layout format, line_writer write) {
    const std::lock_guard lock(mutex_);
    format_ = format;
    write_ = std::move(write);
    if (format == layout::json)
      formatter_ = std::make_unique<spdlog::pattern_formatter>(
          R"({"ts":"%Y-%m-%dT%H:%M:%S.%fZ",%v})", spdlog::pattern_time_type::utc);
    else
      formatter_ = std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%e%z %v",
                                                               spdlog::pattern_time_type::local);
  }

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    if (write_) {
      write_(render(line));
      return;
    }
    if (stderr_.write(render(line)) == bounded_writer::outcome::dropped) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (const auto lost = stderr_.take_dropped(); lost > 0) {
      const auto text = compose(format_, severity::warn, bound_to_log(),
                                "nobody read the log, lines were dropped", {kv("lines", lost)});
      stderr_.write(render({line.logger_name, spdlog::level::warn, text}));
    }
  }

  void flush_() override {}

private:
  std::string_view render(const spdlog::details::log_msg& line) {
    buffer_.clear();
    formatter_->format(line, buffer_);
    return {buffer_.data(), buffer_.size()};
  }

  layout format_ = layout::text;
  line_writer write_;
  bounded_writer stderr_{STDERR_FILENO};
  spdlog::memory_buf_t buffer_;
  std::atomic<std::uint64_t> dropped_{0};
};

struct backend {
  std::shared_ptr<line_sink> sink = std::make_shared<line_sink>();
  spdlog::logger logger{"roost", sink};
  std::atomic<layout> format{layout::text};
  std::array<std::atomic<std::uint64_t>, severity_names.size()> written{};

  backend() { aim(settings{}, nullptr); }

  void aim(const settings& wanted, line_writer write) {
    sink->aim(wanted.format, std::move(write));
    format = wanted.format;
    logger.set_level(to_spdlog(wanted.level));
  }

  /// Never destroyed, so that destructors of other globals may still log.
  static backend& shared() {
    static auto* const instance = new backend;
    return *instance;
  }
};

} // namespace

std::optional<severity> parse_severity(std::string_view name) {
  for (std::size_t i = 0; i < severity_names.size(); ++i)
    if (severity_names[i] == name)
      return static_cast<severity>(i);
  return std::nullopt;
}

std::string_view to_string(severity level) {
  return severity_names[static_cast<std::size_t>(level)];
}

std::optional<layout> parse_layout(std::string_view name) {
  for (std::size_t i = 0; i < layout_names.size(); ++i)
    if (layout_names[i] == name)
      return static_cast<layout>(i);
  return std::nullopt;
}

std::string_view to_string(layout format) { return layout_names[static_cast<std::size_t>(format)]; }

void init(const settings& wanted) { backend::shared().aim(wanted, nullptr); }

void init(const settings& wanted, line_writer write) {
  backend::shared().aim(wanted, std::move(write));
}

void set_level(severity level) { backend::shared().logger.set_level(to_spdlog(level)); }

severity current_level() {
  const auto now = backend::shared().logger.level();
  for (std::size_t i = 0; i < severity_names.size(); ++i)
    if (to_spdlog(static_cast<severity>(i)) == now)
      return static_cast<severity>(i);
  return severity::off;
}

std::uint64_t written(severity level) {
  return backend::shared().written[static_cast<std::size_t>(level)].load(std::memory_order_relaxed);
}

std::uint64_t dropped() { return backend::shared().sink->dropped(); }

void logger::write(severity level, std::string_view sentence,
                   std::initializer_list<field> fields) const {
  auto& to = backend::shared();
  const auto wanted = to_spdlog(level);
  if (level == severity::off || !to.logger.should_log(wanted))
    return;
  to.written[static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
  const auto line =
      compose(to.format.load(std::memory_order_relaxed), level, bound_, sentence, fields);
  to.logger.log(spdlog::source_loc{}, wanted, spdlog::string_view_t(line.data(), line.size()));
}

} // namespace roost::log
