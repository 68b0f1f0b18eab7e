#include "actors/runtime/config_channels.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "actors/runtime/config_section.hpp"
#include "actors/runtime/config_transport.hpp"
#include "actors/runtime/config_values.hpp"
#include "actors/runtime/spelling.hpp"
#include "actors/runtime/units.hpp"
#include "actors/runtime/yaml_json.hpp"

namespace roost::config_values {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::uint64_t kib = std::uint64_t{1} << 10;
constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::size_t most_channels = 64;
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_fallback = 64 * kib;
constexpr milliseconds shortest_open = 100ms;
constexpr milliseconds longest_open = 1h;
constexpr milliseconds usual_cap = 60s;

bool is_channel_name(std::string_view text) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= longest_name && is_plain(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_plain(c) || c == '-' || c == '_'; });
}

/// `open: 5s..60s`: how long a breaker stays open at first, and at most.
bool read_open(breaker_config& into, const yaml_node& from) {
  if (from.type != yaml_node::kind::scalar)
    return false;
  const std::string_view text = from.text;
  const auto dots = text.find("..");
  const auto base = parse_duration(text.substr(0, dots));
  if (!base)
    return false;
  const auto cap = dots == std::string_view::npos ? std::optional(std::max(usual_cap, *base))
                                                  : parse_duration(text.substr(dots + 2));
  if (!cap || *base < shortest_open || *cap < *base || *cap > longest_open)
    return false;
  into.open_base = *base;
  into.open_cap = *cap;
  return true;
}

std::string show_open(const breaker_config& from) {
  return fmt::format("{}..{}", format_duration(from.open_base), format_duration(from.open_cap));
}

const std::vector<section_key<breaker_config>>& breaker_keys() {
  using bc = breaker_config;
  static const std::vector<section_key<bc>> keys = {
      duration_key("window", &bc::window, 1s, 10min),
      count_key("min_calls", &bc::min_calls, 1, 10'000),
      rate_key("failure_rate", &bc::failure_rate),
      rate_key("slow_rate", &bc::slow_rate),
      count_key("consecutive", &bc::consecutive, 1, 1'000),
      {"open", "a duration or two, like 5s..60s, from 100ms to 1h, the shorter one first",
       read_open, show_open},
      count_key("half_open_successes", &bc::half_open_successes, 1, 100),
  };
  return keys;
}

const std::vector<section_key<concurrency_config>>& concurrency_keys() {
  using cc = concurrency_config;
  static const std::vector<section_key<cc>> keys = {
      count_key("limit", &cc::limit, 1, 1'024),
      count_key("queue", &cc::queue, 0, 4'096),
      truth_key("adaptive", &cc::adaptive),
  };
  return keys;
}

const std::vector<section_key<channel_config>>& channel_keys() {
  using cc = channel_config;
  static const std::vector<section_key<cc>> keys = {
      duration_key("timeout", &cc::timeout, 10ms, 10min),
      truth_key("adaptive_timeout", &cc::adaptive_timeout),
      truth_key("idempotent", &cc::idempotent),
      {"fallback_channel", "the name of another channel",
       [](cc& into, const yaml_node& from) {
         if (from.type != yaml_node::kind::scalar || !is_channel_name(from.text))
           return false;
         into.fallback_channel = from.text;
         return true;
       },
       [](const cc& from) { return quote_yaml(from.fallback_channel); }},
      duration_key("last_good", &cc::last_good, 0ms, 24h),
      key(
          "max_answer", &cc::max_answer, expects_size(kib, 64 * mib),
          [](const yaml_node& from) { return parse_size_within(from, kib, 64 * mib); }, show_size),
  };
  return keys;
}

class channels_reader {
public:
  channels_reader(const complaint& complain, const path_resolver& resolve)
      : complain_(complain), resolve_(resolve) {}

  void read_all(std::vector<channel_config>& into, const yaml_node& from) {
    if (from.type != yaml_node::kind::null && from.type != yaml_node::kind::map) {
      complain_(from.at, "", mismatch("a section of channels", from));
      return;
    }
    if (from.members.size() > most_channels) {
      complain_(from.at, "", fmt::format("more than {} channels", most_channels));
      return;
    }
    for (const auto& member : from.members) {
      if (!is_channel_name(member.key))
        complain_(member.at, "",
                  "a channel's name is 1 to 64 of the characters a-z, 0-9, '-' and '_', and begins "
                  "with a letter or a digit");
      else if (find(member.key) != nullptr)
        complain_(member.at, member.key, "this key is there twice");
      else
        channels_.push_back(read_one(member));
    }
    check_fallback_channels(from);
    into = std::move(channels_);
  }

private:
  [[nodiscard]] const channel_config* find(std::string_view name) const {
    const auto found = std::find_if(channels_.begin(), channels_.end(),
                                    [&](const channel_config& c) { return c.name == name; });
    return found == channels_.end() ? nullptr : &*found;
  }

  channel_config read_one(const yaml_node::member& named) {
    channel_config out;
    const auto& name = out.name = named.key;
    const auto others = {std::string_view("transport"), std::string_view("fallback"),
                         std::string_view("breaker"), std::string_view("concurrency")};
    read_keys(complain_, name, named.value, out, channel_keys(), others,
              [&](const yaml_node::member& member) {
                const auto path = name + "." + member.key;
                if (member.key == "transport")
                  out.transport = read_transport(path, member.value, complain_, resolve_);
                else if (member.key == "fallback")
                  read_fallback(out, path, member.value);
                else if (member.key == "breaker")
                  read_keys(complain_, path, member.value, out.breaker, breaker_keys());
                else
                  read_keys(complain_, path, member.value, out.concurrency, concurrency_keys());
              });
    if (named.value.type == yaml_node::kind::null ||
        (named.value.type == yaml_node::kind::map &&
         find_member(named.value, "transport") == nullptr))
      complain_(named.at, name,
                "needs a transport, for example {kind: stdio, command: [./helper]}");
    check_idempotent(out, named.value);
    return out;
  }

  void read_fallback(channel_config& into, const std::string& path, const yaml_node& from) {
    auto json = to_json(from);
    if (const auto* wrong = std::get_if<yaml_failure>(&json)) {
      complain_(wrong->at, path, wrong->message);
      return;
    }
    auto& text = std::get<std::string>(json);
    if (text.size() > longest_fallback)
      complain_(from.at, path, fmt::format("more than {} of JSON", format_size(longest_fallback)));
    else
      into.fallback = std::move(text);
  }

  /// A call that changes something must not be answered by somebody else, or by an older answer.
  void check_idempotent(const channel_config& channel, const yaml_node& from) {
    if (channel.idempotent)
      return;
    const auto refuse = [&](const char* name) {
      complain_(find_member(from, name)->at, channel.name + "." + name,
                "needs idempotent: true, because a call that changes something must not be "
                "answered by something else");
    };
    if (!channel.fallback_channel.empty())
      refuse("fallback_channel");
    if (channel.last_good > 0ms)
      refuse("last_good");
  }

  /// Where every channel says who stands in, there must be an end to it.
  void check_fallback_channels(const yaml_node& from) {
    std::vector<std::string_view> names;
    for (const auto& channel : channels_)
      names.push_back(channel.name);
    for (const auto& channel : channels_) {
      if (channel.fallback_channel.empty())
        continue;
      const auto at = find_member(*find_member(from, channel.name), "fallback_channel")->at;
      const auto path = channel.name + ".fallback_channel";
      if (channel.fallback_channel == channel.name) {
        complain_(at, path, "a channel cannot stand in for itself");
      } else if (find(channel.fallback_channel) == nullptr) {
        const auto meant = nearest(channel.fallback_channel, names);
        complain_(at, path,
                  meant.empty() || meant == channel.name
                      ? std::string("there is no such channel")
                      : fmt::format("there is no such channel, did you mean '{}'?", meant));
      } else if (const auto circle = circle_from(channel); !circle.empty()) {
        complain_(at, path, "these channels stand in for each other in a circle: " + circle);
      }
    }
  }

  /// "a, b, a" if the way from `first` leads back to it and it is the first of the file that is on
  /// it; so a circle is told of once.
  [[nodiscard]] std::string circle_from(const channel_config& first) const {
    auto shown = first.name;
    const auto* at = find(first.fallback_channel);
    for (std::size_t i = 0; i < channels_.size() && at != nullptr && at >= &first; ++i) {
      shown += ", " + at->name;
      if (at == &first)
        return shown;
      at = find(at->fallback_channel);
    }
    return {};
  }

  const complaint& complain_;
  const path_resolver& resolve_;
  std::vector<channel_config> channels_;
};

std::string show_channel(const channel_config& channel) {
  auto out = "{transport: " + show_transport(channel.transport);
  if (const auto changes = show_changes(channel, channel_keys()); !changes.empty())
    out += ", " + changes;
  if (!channel.fallback.empty())
    out += ", fallback: " + spaced_json(channel.fallback);
  if (const auto changes = show_changes(channel.breaker, breaker_keys()); !changes.empty())
    out += ", breaker: {" + changes + "}";
  if (const auto changes = show_changes(channel.concurrency, concurrency_keys()); !changes.empty())
    out += ", concurrency: {" + changes + "}";
  return out + "}";
}

} // namespace

config_value channels() {
  config_value made;
  made.expects = "a section of up to 64 channels, see channels.md";
  made.form = config_value::shape::section;
  made.read_section = [](config& into, const yaml_node& from, const complaint& complain,
                         const path_resolver& resolve) {
    channels_reader(complain, resolve).read_all(into.channels, from);
  };
  made.show = [](const config& from) {
    std::string out;
    for (const auto& channel : from.channels)
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", quote_yaml(channel.name),
                         show_channel(channel));
    return "{" + out + "}";
  };
  made.copy = [](config& into, const config& from) { into.channels = from.channels; };
  return made;
}

} // namespace roost::config_values
