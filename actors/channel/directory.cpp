#include "actors/channel/directory.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace roost::channel {

namespace json = boost::json;

void directory::open(std::map<std::string, channel_override> overrides, keeper keep) {
  std::lock_guard guard(lock_);
  overrides_ = std::move(overrides);
  keep_ = std::move(keep);
}

void directory::configure(std::shared_ptr<const channel_config> what) {
  std::lock_guard guard(lock_);
  auto& e = entries_[what->name];
  e.config = std::move(what);
}

void directory::forget(const std::string& name) {
  std::lock_guard guard(lock_);
  entries_.erase(name);
}

std::shared_ptr<const channel_config> directory::config_of(const std::string& name) const {
  std::lock_guard guard(lock_);
  const auto at = entries_.find(name);
  return at == entries_.end() ? nullptr : at->second.config;
}

std::vector<std::shared_ptr<const channel_config>> directory::configs() const {
  std::lock_guard guard(lock_);
  std::vector<std::shared_ptr<const channel_config>> out;
  for (const auto& [name, e] : entries_)
    out.push_back(e.config);
  return out;
}

bool directory::started(const std::string& name, channel_actor handle) {
  std::lock_guard guard(lock_);
  const auto at = entries_.find(name);
  if (at == entries_.end())
    return false;
  at->second.handle = std::move(handle);
  return std::exchange(at->second.was_there, true);
}

channel_actor directory::find(const std::string& name) const {
  std::lock_guard guard(lock_);
  const auto at = entries_.find(name);
  return at == entries_.end() ? channel_actor() : at->second.handle;
}

bool directory::is_known(const std::string& name) const {
  std::lock_guard guard(lock_);
  return entries_.count(name) > 0;
}

std::vector<std::pair<std::string, channel_actor>> directory::all() const {
  std::lock_guard guard(lock_);
  std::vector<std::pair<std::string, channel_actor>> out;
  for (const auto& [name, e] : entries_)
    if (e.handle)
      out.emplace_back(name, e.handle);
  return out;
}

std::chrono::milliseconds directory::patience_of(const std::string& name,
                                                 std::chrono::milliseconds wanted) const {
  if (wanted.count() > 0)
    return wanted;
  const auto config = config_of(name);
  return config ? config->timeout : std::chrono::milliseconds{0};
}

call_answer directory::answer_without(const std::string& name) const {
  if (const auto config = config_of(name))
    return answer_without_helper(*config);
  call_answer no;
  no.reason = call_reason::channel_unavailable;
  no.breaker.clear();
  return no;
}

void directory::keep_override(const std::string& name, std::optional<channel_override> what) {
  std::lock_guard in_order(keep_lock_);
  std::map<std::string, channel_override> now;
  keeper tell;
  {
    std::lock_guard guard(lock_);
    if (what)
      overrides_[name] = std::move(*what);
    else if (overrides_.erase(name) == 0)
      return;
    // What is said of channels that are gone, or for a time that is over, is not kept for ever.
    std::erase_if(overrides_, [this](const auto& x) {
      return entries_.count(x.first) == 0 || has_lapsed(x.second);
    });
    now = overrides_;
    tell = keep_;
  }
  if (tell)
    tell(now);
}

std::optional<channel_override> directory::override_of(const std::string& name) const {
  std::lock_guard guard(lock_);
  const auto at = overrides_.find(name);
  if (at == overrides_.end() || has_lapsed(at->second))
    return std::nullopt;
  return at->second;
}

void directory::clear() {
  std::lock_guard guard(lock_);
  for (auto& [name, e] : entries_)
    e.handle = channel_actor();
}

call_answer answer_without_helper(const channel_config& channel) {
  call_answer out;
  out.reason = call_reason::channel_unavailable;
  out.retryable = true;
  out.value = channel.fallback;
  out.has_value = out.degraded = !out.value.empty();
  return out;
}

std::string render_overrides(const std::map<std::string, channel_override>& what) {
  json::object out;
  for (const auto& [name, x] : what) {
    json::object row{{"state", x.state}, {"who", x.who}, {"reason", x.reason}};
    if (x.expires_at)
      row["expires_at_ms"] =
          std::chrono::duration_cast<std::chrono::milliseconds>(x.expires_at->time_since_epoch())
              .count();
    out[name] = std::move(row);
  }
  return json::serialize(out);
}

namespace {

std::string text_of(const json::object& row, std::string_view key) {
  const auto* const at = row.if_contains(key);
  return at != nullptr && at->is_string() ? std::string(at->get_string()) : std::string();
}

} // namespace

std::map<std::string, channel_override> parse_overrides(std::string_view text) {
  std::map<std::string, channel_override> out;
  boost::system::error_code wrong;
  const auto value = json::parse(json::string_view(text.data(), text.size()), wrong);
  if (wrong || !value.is_object())
    return out;
  for (const auto& member : value.get_object()) {
    if (!member.value().is_object())
      continue;
    const auto& row = member.value().get_object();
    channel_override x{text_of(row, "state"), text_of(row, "who"), text_of(row, "reason"), {}};
    if (const auto* const at = row.if_contains("expires_at_ms"); at != nullptr && at->is_int64())
      x.expires_at =
          std::chrono::system_clock::time_point(std::chrono::milliseconds(at->get_int64()));
    if (x.state == "forced-open" || x.state == "disabled" || x.state == "metrics-only")
      out.emplace(member.key(), std::move(x));
  }
  return out;
}

} // namespace roost::channel
